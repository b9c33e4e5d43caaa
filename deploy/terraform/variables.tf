variable "release" {
  description = "The folder of a release: template.json and deployment.zip, as `make release` leaves them in dist/."
  type        = string
}

variable "stage" {
  description = "What follows ecs-drainer- in every name; one account and Region may have several."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,32}$", var.stage))
    error_message = "A stage's name has 1 to 32 letters, digits and dashes."
  }
}

variable "parameters" {
  description = "Parameters of the template, such as { Deadline = \"30m\", NotificationEmail = \"oncall@example.org\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setintersection(keys(var.parameters), ["Stage", "CodeBucket", "CodeKey"])) == 0
    error_message = "Stage, CodeBucket and CodeKey are filled in by the module: see its variables stage and bucket."
  }
}

variable "bucket" {
  description = "An S3 bucket of yours, in the same Region, for the release's files; without one the module makes one."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the stack, which CloudFormation puts on what it makes."
  type        = map(string)
  default     = {}
}

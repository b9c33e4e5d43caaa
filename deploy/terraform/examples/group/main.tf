# ecs-drainer, and the lifecycle hook on an Auto Scaling group of yours.

variable "release" {
  description = "The folder of a release."
  type        = string
}

variable "auto_scaling_group" {
  description = "The group whose instances are drained before they go."
  type        = string
}

module "ecs_drainer" {
  source = "../.."

  release = var.release

  parameters = {
    Deadline = "30m"
  }
}

# What `ecs-drainer enroll --asg NAME --as terraform` prints.
resource "aws_autoscaling_lifecycle_hook" "drain" {
  name                   = "ecs-drainer"
  autoscaling_group_name = var.auto_scaling_group
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout      = 900
  default_result         = "CONTINUE"

  # While the hook is there somebody must answer it.
  depends_on = [module.ecs_drainer]
}

output "state_machine_arn" {
  value = module.ecs_drainer.state_machine_arn
}

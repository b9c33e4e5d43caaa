output "release" {
  description = "Which release of ecs-drainer it is."
  value       = aws_cloudformation_stack.this.outputs["Release"]
}

output "state_machine_arn" {
  description = "The state machine that drains one instance an execution."
  value       = aws_cloudformation_stack.this.outputs["StateMachineArn"]
}

output "notification_topic_arn" {
  description = "Where drains are told of; subscribe to it."
  value       = aws_cloudformation_stack.this.outputs["NotificationTopicArn"]
}

output "outputs" {
  description = "All outputs of the stack, by name."
  value       = aws_cloudformation_stack.this.outputs
}

"""Whether stack and roles keep cdk-nag's AwsSolutions rules, or why not: `make nag`."""

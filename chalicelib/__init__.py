"""The drain: parse, plan, look, decide, explain, and the gateways to AWS. All that the Lambdas are made of."""

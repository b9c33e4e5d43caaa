"""The only place that knows botocore: one AWS intention a function, our values out, our errors out."""

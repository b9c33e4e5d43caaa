# A thin wrapper of the release's one CloudFormation template: what it makes is the same by any way of installing it.

locals {
  name     = "ecs-drainer-${var.stage}"
  template = "${var.release}/template.json"
  code     = "${var.release}/deployment.zip"
  bucket   = var.bucket != null ? var.bucket : aws_s3_bucket.release[0].id
}

data "aws_s3_bucket" "release" {
  bucket = local.bucket
}

resource "aws_s3_bucket" "release" {
  count = var.bucket == null ? 1 : 0

  bucket_prefix = "${local.name}-"
  force_destroy = true
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "release" {
  count = var.bucket == null ? 1 : 0

  bucket                  = aws_s3_bucket.release[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "release" {
  count = var.bucket == null ? 1 : 0

  bucket = aws_s3_bucket.release[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "release" {
  count = var.bucket == null ? 1 : 0

  bucket = aws_s3_bucket.release[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

data "aws_iam_policy_document" "release" {
  count = var.bucket == null ? 1 : 0

  statement {
    sid       = "OnlyWithTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.release[0].arn, "${aws_s3_bucket.release[0].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "release" {
  count = var.bucket == null ? 1 : 0

  bucket = aws_s3_bucket.release[0].id
  policy = data.aws_iam_policy_document.release[0].json
}

# Another content has another key: CloudFormation and Terraform compare names, not what they stand for.
resource "aws_s3_object" "code" {
  bucket = local.bucket
  key    = "${local.name}/${filesha256(local.code)}/deployment.zip"
  source = local.code
}

resource "aws_s3_object" "template" {
  bucket       = local.bucket
  key          = "${local.name}/${filesha256(local.template)}/template.json"
  source       = local.template
  content_type = "application/json"
}

resource "aws_cloudformation_stack" "this" {
  name         = local.name
  template_url = "https://${data.aws_s3_bucket.release.bucket_regional_domain_name}/${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_IAM"]
  tags         = var.tags

  parameters = merge(var.parameters, {
    Stage      = var.stage
    CodeBucket = local.bucket
    CodeKey    = aws_s3_object.code.key
  })
}

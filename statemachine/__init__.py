"""The state machines, the CloudFormation template around them, and the Chalice extension that deploys both.

Nothing here goes into the Lambda functions' zip: Chalice packs `app.py`, `chalicelib/` and the requirements.
"""

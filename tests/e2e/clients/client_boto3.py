"""boto3 at S3 with its default endpoints. It signs with keys of its own; the tool injects nothing."""

import json
import re

import boto3
import botocore.exceptions

s3 = boto3.client("s3", region_name="eu-central-1", aws_access_key_id="AKIDUMMY", aws_secret_access_key="dummy")


def failure(function, **arguments):
    try:
        return function(**arguments)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        return error


listed = s3.list_buckets()
# A dot in a bucket's name keeps it in the path, at the registered host; other buckets are part of the host's name.
refused = failure(s3.delete_bucket, Bucket="data.example")
reply = refused.response["ResponseMetadata"]
# It wants XML in a body and shows no other; the header says the same.
code = re.search('details="([A-Z_]+)"', reply["HTTPHeaders"].get("proxy-status", ""))
unregistered = failure(s3.head_bucket, Bucket="unregistered")
print(json.dumps({"client": "boto3", "allowed": {"status": listed["ResponseMetadata"]["HTTPStatusCode"],
                                                 "body": [bucket["Name"] for bucket in listed["Buckets"]]},
                  "refused": {"status": reply["HTTPStatusCode"], "code": code and code[1]},
                  "unregistered": f"{unregistered}: {getattr(unregistered, 'kwargs', {}).get('error')}"}))

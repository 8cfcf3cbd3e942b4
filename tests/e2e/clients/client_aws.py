"""boto3 as it is: no keys, no endpoint unless one is given, credentials and region from the environment."""

import io
import json
import os

import boto3
import botocore.exceptions
from botocore.config import Config

endpoints = json.loads(os.environ["ENDPOINTS"])
# With an endpoint of its own the bucket is in the path.
s3 = boto3.client("s3", endpoint_url=endpoints["s3"],
                  config=Config(s3={"addressing_style": "path" if endpoints["s3"] else "virtual"}))
table = boto3.client("dynamodb", endpoint_url=endpoints["dynamodb"])
keys = json.loads(os.environ["KEYS"])
bucket = "reports"


def read(key, **more):
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read().decode()


told = {"read": {}}
for key in keys:
    s3.put_object(Bucket=bucket, Key=key, Body=f"of {key}".encode(), Metadata={"note": "a  b"}, ContentType="text/plain")
    told["read"][key] = read(key)
told["range"] = read(keys[0], Range="bytes=1-3")
told["head"] = s3.head_object(Bucket=bucket, Key=keys[0])["ContentLength"]
large = b"x" * 3_000_000
s3.put_object(Bucket=bucket, Key="buffer", Body=large)
s3.put_object(Bucket=bucket, Key="stream", Body=io.BytesIO(large))
told["streamed"] = len(read("stream"))
told["listed"] = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="a ").get("Contents", [])]
s3.delete_object(Bucket=bucket, Key=keys[0])
try:
    told["gone"] = read(keys[0])
except botocore.exceptions.ClientError as error:
    told["gone"] = error.response["Error"]["Code"]
identifier = {"S": "order 1/2+3 \u00fc"}
table.put_item(TableName="orders", Item={"id": identifier, "total": {"N": "12"}})
told["item"] = table.get_item(TableName="orders", Key={"id": identifier})["Item"]
told["scanned"] = table.scan(TableName="orders")["Count"]
print(json.dumps(told))

// AWS's SDK as it is: no keys, no endpoint unless one is given, credentials and region from the environment.
const { Readable } = require("node:stream");
const { DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } = require("@aws-sdk/client-dynamodb");
const { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand,
        S3Client } = require("@aws-sdk/client-s3");

const { s3: s3Endpoint, dynamodb: tableEndpoint } = JSON.parse(process.env.ENDPOINTS);
const s3 = new S3Client(s3Endpoint ? { endpoint: s3Endpoint, forcePathStyle: true } : {});
const table = new DynamoDBClient(tableEndpoint ? { endpoint: tableEndpoint } : {});
const Bucket = "reports";
const keys = JSON.parse(process.env.KEYS);

const read = async (Key, Range) => (await s3.send(new GetObjectCommand({ Bucket, Key, Range }))).Body.transformToString();
async function main() {
  const told = { read: {} };
  for (const Key of keys) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: "of " + Key, Metadata: { note: "a  b" }, ContentType: "text/plain" }));
    told.read[Key] = await read(Key);
  }
  told.range = await read(keys[0], "bytes=1-3");
  told.head = (await s3.send(new HeadObjectCommand({ Bucket, Key: keys[0] }))).ContentLength;
  const large = Buffer.alloc(3_000_000, "x");
  await s3.send(new PutObjectCommand({ Bucket, Key: "buffer", Body: large }));
  // A stream is sent in aws-chunked pieces, with a checksum after it.
  await s3.send(new PutObjectCommand({ Bucket, Key: "stream", Body: Readable.from([large.subarray(0, 70_000), large.subarray(70_000)]),
                                       ContentLength: large.length }));
  told.streamed = (await read("stream")).length;
  told.listed = (await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "a " }))).Contents?.map((one) => one.Key);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: keys[0] }));
  const gone = await s3.send(new GetObjectCommand({ Bucket, Key: keys[0] })).catch((error) => error);
  told.gone = gone.name;

  const id = { S: "order 1/2+3 \u00fc" };
  await table.send(new PutItemCommand({ TableName: "orders", Item: { id, total: { N: "12" } } }));
  told.item = (await table.send(new GetItemCommand({ TableName: "orders", Key: { id } }))).Item;
  told.scanned = (await table.send(new ScanCommand({ TableName: "orders" }))).Count;
  console.log(JSON.stringify(told));
}
main();

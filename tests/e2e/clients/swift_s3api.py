"""OpenStack Swift's s3api and its tempauth, which verify AWS signatures, before a store in memory. Prints its port."""

import hashlib
import json
import sys
import time

import eventlet
import eventlet.wsgi
from swift.common.middleware import tempauth
from swift.common.middleware.s3api import s3api
from swift.common.swob import Request, Response
from swift.common.utils import split_path

region, account, user, secret = sys.argv[1:]


class Store:
    """As much of Swift's own API as s3api needs for objects and listings."""

    def __init__(self):
        self.containers = {}

    def __call__(self, environ, start_response):
        request = Request(environ)
        # The filters before it say who it is; whether that is enough is for Swift's proxy server to ask, which this stands for.
        refused = environ["swift.authorize"](request)
        if refused:
            return refused(environ, start_response)
        _, _, container, key = split_path(request.path, 2, 4, True)
        return self.answer(request, container, key)(environ, start_response)

    def answer(self, request, container, key):
        stamp = {"X-Timestamp": "1", "X-Container-Object-Count": "0", "X-Container-Bytes-Used": "0",
                 "X-Account-Container-Count": "0"}
        if container is None:
            return Response(status=204, headers=stamp, request=request)
        if key is None:
            if request.method == "PUT":
                self.containers.setdefault(container, {})
                return Response(status=201, request=request)
            if container not in self.containers:
                return Response(status=404, request=request)
            return self.list(request, self.containers[container], stamp)
        if container not in self.containers:
            return Response(status=404, request=request)
        return self.object(request, self.containers[container], key)

    @staticmethod
    def list(request, objects, headers):
        if request.method == "HEAD":
            return Response(status=204, headers=headers, request=request)
        prefix = request.params.get("prefix", "")
        found = [{"name": key, "hash": hashlib.md5(data).hexdigest(), "bytes": len(data), "content_type": "text/plain",
                  "last_modified": "2026-01-01T00:00:00.000000"} for key, data in sorted(objects.items()) if key.startswith(prefix)]
        return Response(status=200, body=json.dumps(found), headers={**headers, "Content-Type": "application/json"}, request=request)

    @staticmethod
    def object(request, objects, key):
        if request.method == "PUT":
            objects[key] = data = request.environ["wsgi.input"].read()
            return Response(status=201, etag=hashlib.md5(data).hexdigest(), last_modified=time.time(), request=request)
        if key not in objects:
            return Response(status=404, request=request)
        if request.method == "DELETE":
            del objects[key]
            return Response(status=204, request=request)
        data = objects[key]
        return Response(status=200, body=data, etag=hashlib.md5(data).hexdigest(), last_modified=time.time(), conditional_response=True,
                        headers={"Content-Type": "text/plain"}, request=request)


class Cache:
    """A memcached that remembers nothing."""

    def get(self, key, **_):
        return None

    def set(self, key, value, **_):
        pass


def with_cache(environ, start_response):
    environ["swift.cache"] = cache
    return application(environ, start_response)


cache = Cache()
application = tempauth.filter_factory({}, **{f"user_{account}_{user}": f"{secret} .admin"})(Store())
application = s3api.filter_factory({}, location=region, pipeline="s3api tempauth", check_bucket_owner="no",
                                   auth_pipeline_check="no")(application)
listener = eventlet.listen(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
eventlet.wsgi.server(listener, with_cache, log_output=False)

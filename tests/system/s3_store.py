#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An object store that speaks S3, for scenarios: OpenStack Swift with its s3api, one copy, on loopback.

usage: s3_store.py FOLDER    on a file system with user attributes, also one that it has used before. Prints
"URL http://127.0.0.1:PORT" when it answers; its servers end when it does, however it ends. Who may: test:tester
with the secret testing.

The times are long: under load Swift would answer a put before the object is in the list of its bucket.
"""
import ctypes
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request

from swift.common.ring import RingBuilder
from swift.common.utils import set_swift_dir
from swift.common.wsgi import run_wsgi

SERVERS = ("account", "container", "object")
PROXY = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors cache s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
conn_timeout = 30
node_timeout = 60
recoverable_node_timeout = 60
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""
SERVER = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
conn_timeout = 30
node_timeout = 60
container_update_timeout = 60
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    return path


def start(path, section):
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        sys.stdout = sys.stderr
        os._exit(run_wsgi(path, section))


def main():
    folder = os.path.abspath(sys.argv[1])
    os.makedirs(os.path.join(folder, "devices", "one"), exist_ok=True)
    write(folder, "swift.conf", "[swift-hash]\nswift_hash_path_prefix = test\nswift_hash_path_suffix = test\n")
    set_swift_dir(folder)
    for name in SERVERS:
        port = free_port()
        ring = RingBuilder(2, 1, 0)
        ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "one", "weight": 1,
                      "replication_ip": "127.0.0.1", "replication_port": port, "meta": ""})
        ring.rebalance()
        ring.get_ring().save(os.path.join(folder, name + ".ring.gz"))
        start(write(folder, name + ".conf", SERVER.format(port=port, folder=folder, name=name)), name + "-server")
    port = free_port()
    start(write(folder, "proxy.conf", PROXY.format(port=port, folder=folder)), "proxy-server")
    url = "http://127.0.0.1:%d" % port
    for _ in range(600):
        try:
            urllib.request.urlopen(url + "/")
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.1)
    print("URL", url, flush=True)
    signal.pause()


if __name__ == "__main__":
    main()

"""Tries every way out of the fence and reports how each one ended: `escapes.py FACTS.json` prints a JSON list.

It runs as the agent of a run and knows from the facts what there is to reach: services, secrets, records and processes
of the host, each with a marker that says whether they were reached. An outcome is one of
  open         it worked: something outside can be read, changed, talked to or taken over
  refused      it did not, with the errno or the answer
  unavailable  it says nothing here: the kernel, the machine or the facts lack what it needs
  broken       the probe itself failed, which proves nothing
With "inside": false in the facts it runs without a fence, to show that the probes can work at all; what would then touch
more than what the test made (`own=False`) is left out. `--with-key NAME VALUE COMMAND...` runs a command with a key in
its session and user keyrings.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import platform
import random
import select
import signal
import socket
import ssl
import stat
import struct
import subprocess
import sys
import tempfile
import time
import traceback

TIME_LIMIT = 10
PROBES = {}
FACTS = {}
INHERITED = []


class Refused(Exception):
    pass


class Unavailable(Exception):
    pass


def probe(name, own=True):
    """Registers a probe: it returns what it got, or raises. One that is not `own` needs the fence around it."""
    def register(function):
        assert name not in PROBES, name
        PROBES[name] = (function, own)
        return function
    return register


def each(prefix, own=True, **arguments):
    """Registers one probe per keyword; the function gets the keyword's value."""
    def register(function):
        for name, value in arguments.items():
            probe(f"{prefix}_{name}", own)(lambda value=value: function(value))
        return function
    return register


def fact(name):
    if FACTS.get(name) is None:
        raise Unavailable(f"the facts hold no {name}")
    return FACTS[name]


# System calls

MACHINE = platform.machine()
SYSCALLS = {  # x86_64, aarch64
    "accept4": (288, 242), "acct": (163, 89), "add_key": (248, 217), "bpf": (321, 280), "capget": (125, 90),
    "capset": (126, 91), "chroot": (161, 51), "clone": (56, 220), "clone3": (435, 435), "delete_module": (176, 106),
    "finit_module": (313, 273), "fsconfig": (431, 431), "fsmount": (432, 432), "fsopen": (430, 430), "fspick": (433, 433),
    "init_module": (175, 105), "io_uring_setup": (425, 425), "ioctl": (16, 29), "ioperm": (173, None), "iopl": (172, None),
    "kcmp": (312, 272), "kexec_load": (246, 104), "keyctl": (250, 219), "mount": (165, 40), "mount_setattr": (442, 442),
    "move_mount": (429, 429), "mq_open": (240, 180), "mq_unlink": (241, 181), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "open_tree": (428, 428), "open_tree_attr": (467, 467), "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pivot_root": (155, 41),
    "prctl": (157, 167), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117),
    "reboot": (169, 142), "request_key": (249, 218), "sethostname": (170, 161), "setns": (308, 268),
    "settimeofday": (164, 170), "shmat": (30, 196), "shmctl": (31, 195), "shmget": (29, 194), "swapoff": (168, 225),
    "swapon": (167, 224), "umount2": (166, 39), "unshare": (272, 97), "userfaultfd": (323, 282),
}
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def raw_syscall(number, *arguments):
    values = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = _libc.syscall(ctypes.c_long(number), *values)
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def syscall(name, *arguments):
    number = SYSCALLS[name][1 if MACHINE == "aarch64" else 0]
    if MACHINE not in ("x86_64", "aarch64") or number is None:
        raise Unavailable(f"{name} has no number known for {MACHINE}")
    return raw_syscall(number, *arguments)


def behind_permission(*codes):
    """Runs a call with arguments that cannot work: one of `codes` says that only the arguments were in its way."""
    def run(name, *arguments):
        try:
            return f"{name} returned {syscall(name, *arguments)}"
        except OSError as error:
            if error.errno in codes:
                return f"{name} got as far as {errno.errorcode[error.errno]}"
            raise
    return run


# Files and processes

def read(path, limit=1 << 20):
    with open(path, "rb", buffering=0) as file:
        return file.read(limit) or b""


def holds(path, marker):
    """The path when the file there holds the marker; an empty cover does not."""
    content = read(path)
    if marker.encode() in content:
        return f"{path} holds the marker"
    raise Refused(f"{path} can be read and holds {len(content)} other bytes")


def scratch():
    return tempfile.mkdtemp(prefix="escape-", dir=os.getcwd())


def opens(path, flags):
    try:
        os.close(os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError as error:
        # A program that runs: perhaps only that is in the way, and the kernel says so before it looks at the mount.
        if error.errno != errno.ETXTBSY or not os.access(path, os.W_OK):
            raise
    return f"{path} opens"


def started(pid):
    """When a process started, in ticks since boot: with the pid it names one process in every namespace."""
    text = read(f"/proc/{pid}/stat").decode(errors="replace")
    return int(text[text.rindex(")") + 2:].split()[19])


def runner():
    """The runner's pid where it is visible as that process; the same number may be somebody else's inside."""
    pid = fact("runner")["pid"]
    if started(pid) != FACTS["runner"]["started"]:
        raise Refused(f"{pid} is another process here")
    return pid


def first():
    """Pid 1, unless the agent is that itself."""
    if 1 in (os.getpid(), os.getppid()):
        raise Refused("pid 1 is the agent itself")
    return 1


def forked(function):
    """Runs a function in a child that waits until it is killed; returns its pid."""
    pid = os.fork()
    if pid == 0:
        function()
        os._exit(0)
    return pid


def ended(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


# Network: connections

def connects(family, address, kind=socket.SOCK_STREAM, timeout=4):
    with socket.socket(family, kind) as connection:
        connection.settimeout(timeout)
        connection.connect(address)
        return f"connected to {address!r}"


V4, V6, UNIX = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX


@each("tcp", host_v4="127.0.0.1", host_other_loopback="127.8.8.8", host_any="0.0.0.0")
def tcp4(host):
    return connects(V4, (host, fact("tcp4")))


@each("tcp", host_v6="::1", host_any6="::")
def tcp6(host):
    return connects(V6, (host, fact("tcp6")))


@probe("tcp_host_mapped")
def _():
    return connects(V6, ("::ffff:127.0.0.1", fact("tcp4")))


@probe("tcp_host_own_address")
def _():
    return connects(V4, (fact("host_address"), fact("tcp_any")))


@probe("tcp_host_fast_open")
def _():
    with socket.socket(V4, socket.SOCK_STREAM) as connection:
        connection.settimeout(4)
        try:
            connection.sendto(b"escape", getattr(socket, "MSG_FASTOPEN", 0x20000000), ("127.0.0.1", fact("tcp4")))
        except BlockingIOError:
            select.select([], [connection], [], 4)
        return f"sent to {connection.getpeername()}"


@each("tcp_public", own=False, ssh=("1.1.1.1", 22), smtp=("8.8.8.8", 25), http_alt=("93.184.216.34", 8080),
      postgres=("192.0.2.77", 5432), dns_over_tls=("1.1.1.1", 853), proxy=("192.0.2.77", 3128))
def _(address):
    return connects(V4, address)


@each("tcp_public6", own=False, ssh=("2606:4700:4700::1111", 22), postgres=("2001:db8::77", 5432))
def _(address):
    return connects(V6, address)


def answered(family, address, data, timeout=2):
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.settimeout(timeout)
        connection.connect(address)
        connection.send(data)
        return connection.recv(4096)


@probe("udp_host")
def _():
    return repr(answered(V4, ("127.0.0.1", fact("udp")), b"escape"))


@probe("udp_host_own_address")
def _():
    return repr(answered(V4, (fact("host_address"), fact("udp")), b"escape"))


@each("udp_public", own=False, ntp=("8.8.8.8", 123, b"\x1b" + bytes(47)),
      quic=("1.1.1.1", 443, b"\xc0?\x0a\x0a\x0a\x08" + bytes(1194)),
      discovery=("239.255.255.250", 1900, b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n"),
      mdns=("224.0.0.251", 5353, bytes(4) + b"\0\1" + bytes(6) + b"\5_http\4_tcp\5local\0\0\x0c\0\1"))
def _(to):
    return repr(answered(V4, to[:2], to[2])[:40])


def responder(stream, request):
    """Sends a request; the proxy's own refusal is no way out, whatever else answers is."""
    stream.sendall(request)
    reply = b""
    while b"\r\n\r\n" not in reply and (piece := stream.recv(4096)):
        reply += piece
    head = reply.split(b"\r\n\r\n")[0].decode(errors="replace")
    if not head:
        raise Refused("closed without an answer")
    status = head.split()[1:2]
    ours = any(line.lower().startswith("proxy-status: runagents") for line in head.splitlines())
    if ours and status and status[0] >= "400":
        raise Refused(f"the proxy answered {status[0]}")
    return head.splitlines()[0]


@each("metadata", own=False, v4=(V4, "169.254.169.254", "/latest/meta-data/"), v6=(V6, "fd00:ec2::254", "/latest/meta-data/"),
      google=(V4, "169.254.169.254", "/computeMetadata/v1/"), ecs=(V4, "169.254.170.2", "/v2/credentials"))
def _(to):
    family, host, path = to
    with socket.socket(family, socket.SOCK_STREAM) as stream:
        stream.settimeout(4)
        stream.connect((host, 80))
        return responder(stream, f"GET {path} HTTP/1.1\r\nHost: {f'[{host}]' if ':' in host else host}\r\n"
                                 "Metadata-Flavor: Google\r\nConnection: close\r\n\r\n".encode())


@each("tls", own=False, doh=("1.1.1.1", "cloudflare-dns.com", "/dns-query?dns=AAABAAABAAAAAAAAB2V4YW1wbGUDY29tAAABAAE"),
      by_address=("93.184.216.34", None, "/"), fronted=("1.1.1.1", "allowed.invalid", "/"))
def _(to):
    address, name, path = to
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((address, 443), timeout=4) as plain:
        with context.wrap_socket(plain, server_hostname=name) as stream:
            return responder(stream, f"GET {path} HTTP/1.1\r\nHost: {name or address}\r\nAccept: application/dns-message\r\n"
                                     "Connection: close\r\n\r\n".encode())


# What is not HTTP has no business on the ports that the proxy takes.
@each("port_443", own=False, ssh=b"SSH-2.0-OpenSSH_9.6\r\n", socks=b"\5\1\0", openvpn=b"\0\x0e8" + bytes(13))
def _(data):
    with socket.create_connection(("1.1.1.1", 443), timeout=4) as stream:
        stream.sendall(data)
        reply = stream.recv(200)
    # A TLS alert and an HTTP refusal are the proxy's.
    if not reply or reply[:1] == b"\x15" or reply.startswith(b"HTTP/1.1 4"):
        raise Refused(f"answered {reply[:20]!r}")
    return repr(reply)


# Network: names

def dns_query(name, kind):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", random.randrange(65536), 0x0100, 1, 0, 0, 0) + labels + struct.pack(">BHH", 0, kind, 1)


def dns_judge(reply):
    """An answer has data, or the signature of a zone that only the internet knows."""
    if len(reply) < 12:
        raise Refused(f"{len(reply)} bytes")
    _, flags, _, answers, authorities, _ = struct.unpack(">HHHHHH", reply[:12])
    if answers or any(word in reply for word in (b"icann", b"iana", b"cloudflare", b"root-servers")):
        return f"{answers} answers, {authorities} authorities, code {flags & 15}"
    raise Refused(f"code {flags & 15} without an answer")


def dns_udp(server, name, kind):
    return dns_judge(answered(V6 if ":" in server else V4, (server, 53), dns_query(name, kind)))


def dns_tcp(server, name, kind):
    query = dns_query(name, kind)
    with socket.create_connection((server, 53), timeout=3) as stream:
        stream.sendall(struct.pack(">H", len(query)) + query)
        reply = b""
        while len(reply) < 2 or len(reply) < 2 + struct.unpack(">H", reply[:2])[0]:
            if not (piece := stream.recv(4096)):
                break
            reply += piece
    return dns_judge(reply[2:])


SERVERS = {"local": "127.0.0.1", "stub": "127.0.0.53", "google": "8.8.8.8", "google6": "2001:4860:4860::8888"}


@each("dns_tunnel_udp", own=False, **SERVERS)
def _(server):
    # 16 is TXT, 10 is NULL: what tunnels use.
    label = "".join(random.choices("abcdefghijklmnopqrstuvwxyz234567", k=50))
    found = []
    for name, kind in ((f"{label}.example.com", 16), (f"{label}.example.com", 10), ("www.example.com", 1)):
        try:
            found.append(dns_udp(server, name, kind))
        except (Refused, OSError) as refusal:
            last = refusal
    if not found:
        raise last
    return "; ".join(found)


@each("dns_tunnel_tcp", own=False, **SERVERS)
def _(server):
    label = "".join(random.choices("abcdefghijklmnopqrstuvwxyz234567", k=50))
    try:
        return dns_tcp(server, f"{label}.example.com", 16)
    except Refused:
        return dns_tcp(server, "www.example.com", 1)


@each("dns_registered", own=False, txt=16, null=10, mx=15, srv=33)
def _(kind):
    return dns_udp("127.0.0.1", fact("registered"), kind)


@probe("dns_libc", own=False)
def _():
    return repr(socket.getaddrinfo("www.example.com", 443)[0][4])


@probe("dns_hosts_of_the_machine", own=False)
def _():
    return repr(socket.getaddrinfo("metadata.google.internal", 80)[0][4])


# Network: kinds of sockets

def htons(value):
    return socket.htons(value)


@each("socket", raw_icmp=(2, 3, 1), raw_tcp=(2, 3, 6), raw_ip=(2, 3, 255), raw6_icmp=(10, 3, 58), raw6_ip=(10, 3, 255),
      ping=(2, 2, 1), ping6=(10, 2, 58), packet_raw=(17, 3, htons(3)), packet_datagram=(17, 2, htons(3)),
      packet_old=(2, 10, htons(3)), vsock_stream=(40, 1, 0), vsock_datagram=(40, 2, 0), alg=(38, 5, 0), bluetooth_hci=(31, 3, 1),
      bluetooth_l2cap=(31, 5, 0), xdp=(44, 3, 0), tipc=(30, 5, 0), rds=(21, 5, 0), key=(15, 3, 2), nfc=(39, 5, 0), can=(29, 3, 1),
      qipcrtr=(42, 2, 0), mptcp=(2, 1, 262), mptcp6=(10, 1, 262), sctp=(2, 1, 132), sctp_packets=(2, 5, 132), sctp6=(10, 5, 132),
      udplite=(2, 2, 136), udplite6=(10, 2, 136), dccp=(2, 6, 33), smc=(43, 1, 0), kcm=(41, 5, 0), rxrpc=(33, 2, 2),
      pppox=(24, 1, 0), llc=(26, 1, 0), phonet=(35, 2, 0), ieee802154=(36, 2, 0), caif=(37, 5, 0), ax25=(3, 5, 0), x25=(9, 5, 0),
      appletalk=(5, 2, 0), mctp=(45, 2, 0), atm=(8, 2, 0), econet=(19, 2, 0))
def _(kind):
    with socket.socket(*kind) as made:
        return f"made {made.fileno()}"


@each("vsock", own=False, hypervisor=2, local=1)
def _(cid):
    with socket.socket(40, socket.SOCK_STREAM) as connection:
        connection.settimeout(3)
        try:
            connection.connect((cid, 1024))
        except ConnectionError as error:
            return f"the other side answered: {error}"
        return "connected"


def netlink(protocol, kind, flags, body, group=0):
    with socket.socket(16, socket.SOCK_RAW, protocol) as link:
        link.settimeout(2)
        link.bind((0, group))
        link.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)
        return link.recv(1 << 20)


@probe("netlink_audit")
def _():
    reply = netlink(9, 1000, 5, b"")
    kind = struct.unpack("=H", reply[4:6])[0]
    if kind == 2 and (code := -struct.unpack("=i", reply[16:20])[0]):
        raise OSError(code, os.strerror(code))
    return f"audit answered with message {kind}"


@probe("netlink_uevents")
def _():
    # They are those of the machine where the network is the machine's.
    with socket.socket(16, socket.SOCK_RAW, 15) as link:
        link.bind((0, 1))
        if os.readlink("/proc/self/ns/net") == fact("namespaces")["net"]:
            return "listens to the machine's events"
    raise Refused("a network of its own has no events of the machine")


@probe("netlink_socket_diagnostics")
def _():
    # All listening TCP sockets over IPv4, of which the host's has a port that is known.
    reply = netlink(4, 20, 0x301, struct.pack("=BBBxI", V4, 6, 0, 1 << 10) + bytes(48))
    if len(reply) > 36 and struct.pack(">H", fact("tcp4")) in reply:
        return "shows the host's listening sockets"
    raise Refused(f"{len(reply)} bytes without the host's port")


@each("network_table", tcp="/proc/net/tcp", unix="/proc/net/unix")
def _(path):
    text = read(path).decode(errors="replace")
    wanted = f":{fact('tcp4'):04X} " if path.endswith("tcp") else fact("abstract")
    if wanted not in text:
        raise Refused("the host's socket is not in it")
    return f"{path} shows the host's socket"


# Sockets of the file system and abstract ones

def speaks(path):
    """Connects to a UNIX socket of whatever kind it is."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
        try:
            return connects(UNIX, path, kind)
        except OSError as error:
            if error.errno != errno.EPROTOTYPE:
                raise
    raise Refused("no kind of socket fits")


@each("unix", host="unix", host_datagrams="unix_datagram", host_in_runtime_directory="unix_runtime", second_agent="second_unix")
def _(name):
    return speaks(fact(name))


@each("unix_abstract", host="abstract", second_agent="second_abstract")
def _(name):
    return speaks("\0" + fact(name))


@each("unix_host_by", proc_self_root="/proc/self/root{}", proc_1_root="/proc/1/root{}", dots="/usr/../{}",
      thread="/proc/thread-self/root{}")
def _(pattern):
    return speaks(pattern.format(fact("unix")))


@probe("unix_host_by_hard_link")
def _():
    folder = scratch()
    link = f"{folder}/s"
    try:
        os.link(fact("unix"), link)
        return speaks(link)
    finally:
        if os.path.lexists(link):
            os.unlink(link)
        os.rmdir(folder)


@probe("unix_host_by_renaming_its_directory")
def _():
    path = fact("unix")
    folder = os.path.dirname(path)
    os.rename(folder, folder + ".moved")
    try:
        return speaks(f"{folder}.moved/{os.path.basename(path)}")
    finally:
        os.rename(folder + ".moved", folder)


@each("tcp_second_agent", v4=(V4, "127.0.0.1"), v6=(V6, "::1"))
def _(to):
    return connects(to[0], (to[1], fact("second_tcp4" if to[0] == V4 else "second_tcp6")))


@each("service", own=False, dbus_system="/run/dbus/system_bus_socket", docker="/var/run/docker.sock",
      containerd="/run/containerd/containerd.sock", podman="/run/podman/podman.sock", systemd="/run/systemd/private",
      journal="/run/systemd/journal/stdout", nscd="/run/nscd/socket", resolved="/run/systemd/resolve/io.systemd.Resolve",
      x11="/tmp/.X11-unix/X0", x11_abstract="\0/tmp/.X11-unix/X0", snapd="/run/snapd.socket", udev="/run/udev/control",
      cups="/run/cups/cups.sock", udev_monitor="\0/org/kernel/udev/monitor")
def _(path):
    return speaks(path)


@each("session_service", own=False, bus="bus", wayland="wayland-0", pulse="pulse/native", gpg_agent="gnupg/S.gpg-agent",
      keyring="keyring/control", systemd="systemd/private", podman="podman/podman.sock", docker="docker.sock",
      pipewire="pipewire-0")
def _(name):
    folder = FACTS.get("runtime_directory") or os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return speaks(f"{folder}/{name}")


@each("service_of", own=False, ssh_agent="SSH_AUTH_SOCK", dbus="DBUS_SESSION_BUS_ADDRESS", gpg="GPG_AGENT_INFO",
      docker="DOCKER_HOST", tmux="TMUX")
def _(variable):
    value = os.environ.get(variable)
    if not value:
        raise Refused(f"{variable} is not set")
    return speaks(value.removeprefix("unix:path=").removeprefix("unix://").split(",")[0].split(":")[0])


@probe("any_socket_file", own=False)
def _():
    """Every socket below the directories where services have theirs that was there before the run, in six seconds."""
    end, seen, found = time.monotonic() + 6, 0, []
    folders = ["/run", "/var/run", "/tmp", "/var/tmp", "/var/lib", "/dev", fact("home")]
    for folder in folders:
        for where, _, names in os.walk(folder):
            for name in names:
                if time.monotonic() > end:
                    break
                path = os.path.join(where, name)
                try:
                    facts = os.lstat(path)
                    # No fence covers what begins to listen later, and another program may have begun meanwhile.
                    if stat.S_ISSOCK(facts.st_mode) and facts.st_ctime < fact("before"):
                        seen += 1
                        found.append(speaks(path))
                except (OSError, Refused):
                    pass
    if found:
        return "; ".join(found)
    raise Refused(f"none of {seen} socket files accepts")


# Descriptors

@probe("descriptors_inherited")
def _():
    if not INHERITED:
        raise Refused("none but 0, 1 and 2")
    return "; ".join(f"{number} is {target}" for number, target in INHERITED)


def leaked(name):
    number = fact(name)
    if number not in [one for one, _ in INHERITED]:
        raise Refused(f"{number} is not open")
    return number


@probe("descriptor_of_a_secret")
def _():
    content = os.pread(leaked("leaked_file"), 4096, 0)
    if fact("secret")["marker"].encode() in content:
        return "the leaked descriptor holds the marker"
    raise Refused("other content")


@each("descriptor_of_a_directory", down="{name}", up="../{folder}/{name}", proc="/proc/self/fd/{fd}/{name}")
def _(pattern):
    number = leaked("leaked_folder")
    path = fact("secret")["path"]
    relative = pattern.format(fd=number, name=os.path.basename(path), folder=os.path.basename(os.path.dirname(path)))
    descriptor = os.open(relative, os.O_RDONLY, dir_fd=number)
    if fact("secret")["marker"].encode() in os.read(descriptor, 4096):
        return f"{relative} holds the marker"
    raise Refused("other content")


@each("descriptor_standard", input=0, output=1, error=2)
def _(number):
    # A directory or a socket there would be a way to elsewhere; so would a file that is open for more than its direction.
    mode = os.fstat(number).st_mode
    if stat.S_ISDIR(mode) or (stat.S_ISSOCK(mode) and number == 0) or stat.S_ISBLK(mode):
        return f"{number} is {os.readlink(f'/proc/self/fd/{number}')}"
    raise Refused(f"{number} is {os.readlink(f'/proc/self/fd/{number}')}")


# Other processes

@each("namespace", user="user", net="net", mnt="mnt", pid="pid", ipc="ipc")
def _(kind):
    here = os.readlink(f"/proc/self/ns/{kind}")
    if here == fact("namespaces")[kind]:
        return f"{here} is the host's"
    raise Refused(f"{here} is not the host's")


@probe("environment_of_the_agent")
def _():
    for name, value in os.environ.items():
        if fact("secret_variable") in value:
            return f"{name} holds the secret"
    raise Refused("no variable holds the secret")


@probe("environment_of_any_process", own=False)
def _():
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    readable = 0
    for pid in pids:
        for name in ("environ", "cmdline"):
            try:
                content = read(f"/proc/{pid}/{name}")
            except OSError:
                continue
            readable += 1
            if fact("secret_variable").encode() in content:
                return f"/proc/{pid}/{name} holds the secret"
    raise Refused(f"{readable} files of {len(pids)} processes do not hold the secret")


@probe("runner_visible")
def _():
    return f"process {runner()} is the runner"


@probe("runner_environ")
def _():
    return holds(f"/proc/{runner()}/environ", fact("secret_variable"))


@each("runner", root="root", cwd="cwd", exe="exe", fd="fd", maps="maps")
def _(name):
    path = f"/proc/{runner()}/{name}"
    if name == "maps":
        return f"{len(read(path)) or os.strerror(errno.EACCES)} bytes of {path}"
    return f"{path}: {os.listdir(path) if name == 'fd' else os.readlink(path)}"


@probe("runner_memory")
def _():
    return opens(f"/proc/{runner()}/mem", os.O_RDWR)


@probe("runner_signal")
def _():
    pid = runner()
    os.kill(pid, 0)
    return f"{pid} can be signalled"


@probe("runner_signal_by_number")
def _():
    # Without a look at /proc: the kernel says whether there is such a process here.
    pid = fact("runner")["pid"]
    os.kill(pid, 0)
    try:
        runner()
    except (OSError, Refused):
        raise Refused(f"{pid} is another process here") from None
    return f"{pid} can be signalled"


@probe("secret_by_runner_root")
def _():
    return holds(f"/proc/{runner()}/root{fact('secret')['path']}", fact("secret")["marker"])


@probe("parent_signal_of_the_runner")
def _():
    group = fact("runner").get("group")
    os.killpg(group, 0)
    return f"process group {group} can be signalled"


@probe("first_environ")
def _():
    return holds("/proc/1/environ", fact("secret_variable"))


@probe("first_descriptors", own=False)
def _():
    names = os.listdir(f"/proc/{first()}/fd")
    return f"{len(names)} descriptors: {[os.readlink(f'/proc/1/fd/{name}') for name in names][:8]}"


@probe("first_memory", own=False)
def _():
    return opens(f"/proc/{first()}/mem", os.O_RDONLY)


@probe("first_ptrace", own=False)
def _():
    # PTRACE_SEIZE does not stop it.
    syscall("ptrace", 0x4206, first(), 0, 0)
    return "attached to pid 1"


@probe("first_process_vm", own=False)
def _():
    buffer = ctypes.create_string_buffer(16)
    vector = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 16)
    return behind_permission(errno.EFAULT)("process_vm_readv", first(), vector, 1, vector, 1, 0)


@probe("first_pidfd_getfd", own=False)
def _():
    pidfd = syscall("pidfd_open", first(), 0)
    for number in range(64):
        try:
            return f"got descriptor {syscall('pidfd_getfd', pidfd, number, 0)}"
        except OSError as error:
            if error.errno != errno.EBADF:
                raise
    raise Refused("no descriptor below 64")


@probe("first_kcmp", own=False)
def _():
    return f"compared: {syscall('kcmp', os.getpid(), first(), 1, 0, 0)}"


@each("first_signal", own=False, kill=signal.SIGKILL, stop=signal.SIGSTOP, term=signal.SIGTERM, hup=signal.SIGHUP)
def _(number):
    os.kill(first(), number)
    time.sleep(0.3)
    os.kill(1, 0)
    text = read("/proc/1/stat").decode(errors="replace")
    if text[text.rindex(")") + 2] in "TtZX":
        return "pid 1 stopped"
    raise Refused("without effect")


@probe("parent_ptrace")
def _():
    syscall("ptrace", 0x4206, os.getppid(), 0, 0)
    return "attached to the parent"


@probe("ptrace_traceme")
def _():
    pid = os.fork()
    if pid == 0:
        try:
            syscall("ptrace", 0, 0, 0, 0)
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        raise OSError(code, os.strerror(code)) if code > 0 else Refused(f"killed by signal {-code}")
    return "traced by the parent"


@probe("ptrace_child")
def _():
    pid = forked(signal.pause)
    try:
        syscall("ptrace", 16, pid, 0, 0)
        return "attached to a child"
    finally:
        ended(pid)


@each("process_vm_child", read="process_vm_readv", write="process_vm_writev")
def _(name):
    buffer = ctypes.create_string_buffer(b"escape", 16)
    pid = forked(signal.pause)
    try:
        vector = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 16)
        return f"{syscall(name, pid, vector, 1, vector, 1, 0)} bytes"
    finally:
        ended(pid)


@probe("pidfd_getfd_child")
def _():
    pid = forked(signal.pause)
    try:
        return f"descriptor {syscall('pidfd_getfd', syscall('pidfd_open', pid, 0), 0, 0)}"
    finally:
        ended(pid)


# Files: secrets, credentials, records

def secret(path):
    return holds(path, fact("secret")["marker"])


@each("secret_by", path="{}", proc_1_root="/proc/1/root{}", proc_1_cwd="/proc/1/cwd{}", proc_self_root="/proc/self/root{}",
      proc_parent_root="/proc/{ppid}/root{}", dots="/usr/..{}", slashes="//{}")
def _(pattern):
    return secret(pattern.replace("{ppid}", str(os.getppid())).replace("{}", fact("secret")["path"]))


@each("secret_by", hard_link=os.link, symbolic_link=os.symlink, rename=os.rename)
def _(make):
    path, folder = fact("secret")["path"], scratch()
    other = f"{folder}/other"
    try:
        make(path, other)
        return secret(other)
    finally:
        if os.path.lexists(other):
            os.unlink(other) if make != os.rename else os.rename(other, path)
        os.rmdir(folder)


@each("secret_by_renaming", directory=1, parent=2)
def _(levels):
    path = fact("secret")["path"]
    parts = path.split("/")
    folder = "/".join(parts[:-levels])
    os.rename(folder, folder + ".moved")
    try:
        return secret("/".join([folder + ".moved", *parts[-levels:]]))
    finally:
        os.rename(folder + ".moved", folder)


@probe("secret_by_bind_mount", own=False)
def _():
    folder = scratch()
    try:
        syscall("mount", os.path.dirname(fact("secret")["path"]).encode(), folder.encode(), None, 0x1000, None)
        return secret(f"{folder}/{os.path.basename(fact('secret')['path'])}")
    finally:
        try:
            syscall("umount2", folder.encode(), 2)
        except OSError:
            pass
        os.rmdir(folder)


@probe("secret_by_open_tree", own=False)
def _():
    # A copy of one mount only has none of what covers it.
    path = fact("secret")["path"]
    tree = syscall("open_tree", -100, os.path.dirname(path).encode(), 1)
    with os.fdopen(os.open(os.path.basename(path), os.O_RDONLY, dir_fd=tree), "rb") as file:
        if fact("secret")["marker"].encode() in file.read():
            return "an open tree holds the marker"
    raise Refused("other content")


@each("secret_by_unmounting", own=False, file=0, directory=1)
def _(up):
    path = fact("secret")["path"]
    syscall("umount2", (os.path.dirname(path) if up else path).encode(), 2)
    return f"unmounted; {secret(path)}"


@probe("secret_by_handle")
def _():
    folder = os.path.dirname(fact("secret")["path"])
    handle = ctypes.create_string_buffer(struct.pack("=Ii", 128, 0), 136)
    mount = ctypes.c_int()
    syscall("name_to_handle_at", -100, folder.encode(), handle, ctypes.byref(mount), 0)
    where = os.open(folder, os.O_RDONLY)
    syscall("open_by_handle_at", where, handle, os.O_RDONLY)
    return "opened a directory by its handle"


@probe("secret_replaced_during_the_run")
def _():
    """The host puts another file in the place of the secret, as programs that rotate credentials do."""
    rotation = fact("rotation")
    open(rotation["ask"], "w").close()
    end = time.monotonic() + 6
    while not os.path.exists(rotation["done"]):
        if time.monotonic() > end:
            raise Unavailable("the test replaced nothing")
        time.sleep(0.02)
    return holds(rotation["path"], rotation["marker"])


@probe("credentials")
def _():
    found = []
    for path, marker in fact("credentials").items():
        try:
            found.append(holds(path, marker))
        except (OSError, Refused):
            pass
    if found:
        return "; ".join(found)
    raise Refused(f"none of {len(fact('credentials'))} files")


@probe("credentials_by_renaming")
def _():
    found = []
    for path, marker in fact("credentials").items():
        folder = os.path.dirname(path)
        if folder == fact("home"):
            continue
        try:
            os.rename(folder, folder + ".moved")
        except OSError:
            continue
        try:
            found.append(holds(f"{folder}.moved/{os.path.basename(path)}", marker))
        except (OSError, Refused):
            pass
        finally:
            os.rename(folder + ".moved", folder)
    if found:
        return "; ".join(found)
    raise Refused("no directory could be moved and read")


@each("records", read=os.O_RDONLY, write=os.O_WRONLY)
def _(flags):
    found = []
    for path in fact("records"):
        try:
            if os.path.getsize(path):
                found.append(opens(path, flags))
        except OSError as error:
            last = error
    if found:
        return "; ".join(found)
    raise last


@probe("records_list")
def _():
    found = {folder: os.listdir(folder) for folder in fact("record_folders") if os.path.isdir(folder)}
    if any(found.values()):
        return repr(found)
    raise Refused(f"{len(found)} empty directories")


@probe("records_by_proc_root")
def _():
    for path in fact("records"):
        for root in ("/proc/1/root", "/proc/self/root", f"/proc/{os.getppid()}/root"):
            try:
                if len(read(root + path, 100)):
                    return f"{root}{path} can be read"
            except OSError as error:
                last = error
    raise last


def approve(index, environment):
    command = [fact("program"), "approvals", "approve", fact("approvals")[index]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=8)
    if done.returncode:
        raise Refused(f"exit {done.returncode}: {(done.stderr or done.stdout).strip()[:160]}")
    return f"approved {command[-1]}"


@probe("approve_as_the_agent")
def _():
    return approve(0, {**os.environ, "RUNAGENTS_RUN_ID": os.environ.get("RUNAGENTS_RUN_ID", "run_made_up")})


@probe("approve_as_somebody_else")
def _():
    own = ("RUNAGENTS_", "TOOL_", "HTTP", "http", "ALL_", "all_")
    return approve(0, {name: value for name, value in os.environ.items() if not name.startswith(own)} | fact("environment"))


@probe("approve_as_a_daemon")
def _():
    # Neither its environment nor its ancestors tell whose child it is.
    reader, writer = os.pipe()
    middle = os.fork()
    if middle == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(0.2)
            os.write(writer, json.dumps(judged(lambda: approve(-1, fact("environment")))).encode())
        os._exit(0)
    os.waitpid(middle, 0)
    os.close(writer)
    outcome, detail = json.loads(os.read(reader, 65536))
    if outcome != "open":
        raise Refused(detail)
    return detail


# Writing where others read

@each("write_kernel", core_pattern="/proc/sys/kernel/core_pattern", modprobe="/proc/sys/kernel/modprobe",
      sysrq="/proc/sysrq-trigger", uevent_helper="/sys/kernel/uevent_helper", hotplug="/proc/sys/kernel/hotplug",
      binfmt="/proc/sys/fs/binfmt_misc/register", domain="/proc/sys/kernel/domainname",
      randomize="/proc/sys/kernel/randomize_va_space", printk="/proc/sys/kernel/printk", power="/sys/power/state",
      lockdown="/sys/kernel/security/lockdown", cgroup="/sys/fs/cgroup/cgroup.procs",
      subtree="/sys/fs/cgroup/cgroup.subtree_control", release="/sys/fs/cgroup/release_agent",
      irq="/proc/irq/default_smp_affinity", bus="/proc/bus/pci/devices", timer="/proc/sys/kernel/sched_rt_runtime_us",
      ptrace_scope="/proc/sys/kernel/yama/ptrace_scope", user_namespaces="/proc/sys/user/max_user_namespaces")
def _(path):
    return opens(path, os.O_WRONLY)


@probe("write_cgroup_release_agents")
def _():
    found = []
    for where, folders, names in os.walk("/sys/fs/cgroup"):
        for name in set(names) & {"release_agent", "cgroup.procs", "cgroup.kill"}:
            try:
                found.append(opens(os.path.join(where, name), os.O_WRONLY))
            except OSError:
                pass
        if len(found) > 3 or where.count("/") > 6:
            break
    if found:
        return "; ".join(found)
    raise Refused("no control file opens")


@each("write_map", uid="uid_map", gid="gid_map", projid="projid_map")
def _(name):
    with open(f"/proc/self/{name}", "wb", buffering=0) as file:
        file.write(b"0 0 4294967295\n")
    return f"{name} written"


@each("write_system", passwd="/etc/passwd", shadow="/etc/shadow", hosts="/etc/hosts", shell="/bin/sh", env="/usr/bin/env",
      loader="/etc/ld.so.cache")
def _(path):
    return opens(path, os.O_WRONLY)


@each("create_in", own=False, cron="/etc/cron.d", preload="/etc", bin="/usr/bin", sbin="/usr/sbin", lib="/usr/lib",
      local="/usr/local/bin", crontabs="/var/spool/cron/crontabs", spool="/var/spool", units="/etc/systemd/system",
      profile="/etc/profile.d", opt="/opt", boot="/boot", root="/", var_lib="/var/lib", sudoers="/etc/sudoers.d",
      state="/var/log")
def _(folder):
    path = os.path.join(folder, "ld.so.preload" if folder == "/etc" else f"escape.{os.getpid()}")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    os.unlink(path)
    return f"{path} could be made"


def replaceable(path):
    """Every way to change what a path says; what could be done is undone."""
    found = []
    try:
        found.append(opens(path, os.O_WRONLY | os.O_APPEND))
    except OSError as error:
        last = error
    for other in (f"{path}.escape", f"{scratch()}/escape"):
        try:
            os.rename(path, other)
            os.rename(other, path)
            found.append(f"{path} can be moved")
        except OSError:
            pass
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
        os.chmod(path, mode ^ 0o100)
        os.chmod(path, mode)
        found.append(f"{path} can be given another mode")
    except OSError:
        pass
    if found:
        return "; ".join(found)
    raise last


@probe("write_project_file")
def _():
    return replaceable(fact("project_file"))


@probe("write_startup_files")
def _():
    found = []
    for path in fact("startup_files"):
        try:
            found.append(replaceable(path))
        except OSError as error:
            last = error
    if found:
        return "; ".join(found)
    raise last


@probe("write_program")
def _():
    return opens(fact("program"), os.O_WRONLY | os.O_APPEND)


# Keys

def found_key(key):
    buffer = ctypes.create_string_buffer(256)
    length = syscall("keyctl", 11, key, buffer, 256, 0)
    return f"key {key} says {buffer.raw[:length]!r}"


@each("key_search", thread=-1, process=-2, session=-3, user=-4, user_session=-5)
def _(ring):
    return found_key(syscall("keyctl", 10, ring, b"user", fact("key").encode(), 0))


@probe("key_request")
def _():
    return found_key(syscall("request_key", b"user", fact("key").encode(), None, 0))


@each("key_ring_read", session=-3, user=-4)
def _(ring):
    buffer = ctypes.create_string_buffer(4096)
    return f"{syscall('keyctl', 11, ring, buffer, 4096, 0)} bytes of keys"


@each("key_add", session=-3, user=-4)
def _(ring):
    key = syscall("add_key", b"user", b"runagents-escape", b"x", 1, ring)
    syscall("keyctl", 9, key, ring, 0, 0)
    return f"added key {key}"


@probe("key_join_session")
def _():
    return f"joined {syscall('keyctl', 1, b'runagents-escape', 0, 0, 0)}"


@probe("key_table")
def _():
    if fact("key") not in read("/proc/keys").decode(errors="replace"):
        raise Refused("the key is not in it")
    return "/proc/keys shows the key"


# Terminals

def terminal_request(descriptor, request, argument):
    try:
        syscall("ioctl", descriptor, request, argument)
        return f"request {request:#x} worked"
    except OSError as error:
        # The filter says EPERM; anything else is the terminal's own word.
        if error.errno == errno.EIO:
            raise Unavailable("the kernel gives no TIOCSTI to anybody (dev.tty.legacy_tiocsti)") from None
        if error.errno in (errno.ENOTTY, errno.EINVAL):
            raise Unavailable(f"this terminal does not know request {request:#x}") from None
        raise


REQUESTS = dict(sti=(0x5412, b"\0"), sti_upper_bits=(0x5412 | 1 << 32, b"\0"),
                sti_all_upper_bits=(0x5412 - (1 << 32), b"\0"),
                linux=(0x541C, b"\6"), linux_upper_bits=(0x541C | 1 << 32, b"\6"))


@each("terminal", **REQUESTS)
def _(what):
    if not os.isatty(0):
        raise Unavailable("descriptor 0 is no terminal")
    return terminal_request(0, what[0], ctypes.create_string_buffer(what[1], 8))


@each("terminal_controlling", **REQUESTS)
def _(what):
    with open("/dev/tty", "rb+", buffering=0) as terminal:
        return terminal_request(terminal.fileno(), what[0],
            ctypes.create_string_buffer(what[1], 8))


# Privileges

def status_of_self():
    lines = read("/proc/self/status").decode().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@probe("no_new_privileges")
def _():
    if syscall("prctl", 39, 0, 0, 0, 0) == 1 and status_of_self().get("NoNewPrivs") == "1":
        raise Refused("set")
    return "a set-user-ID program gets its privileges"


@each("capabilities", effective="CapEff", permitted="CapPrm", inheritable="CapInh", bounding="CapBnd", ambient="CapAmb")
def _(name):
    value = status_of_self()[name]
    if int(value, 16):
        return f"{name} is {value}"
    raise Refused("none")


@probe("system_call_filter")
def _():
    if (mode := status_of_self()["Seccomp"]) != "2":
        return f"mode {mode}"
    raise Refused("there is one")


@probe("capabilities_regained")
def _():
    header = struct.pack("=Ii", 0x20080522, 0)
    wanted = struct.pack("=6I", *[1 << 21 | 1 << 12, 1 << 21 | 1 << 12, 0, 0, 0, 0])
    syscall("capset", header, wanted)
    return "CAP_SYS_ADMIN and CAP_NET_ADMIN are there"


@each("become", user=lambda: os.setresuid(12345, 12345, 12345), group=lambda: os.setresgid(12345, 12345, 12345),
      groups=lambda: os.setgroups([27]), root=lambda: os.setuid(0) if os.getuid() else os.setresuid(65534, 65534, 65534))
def _(change):
    change()
    return f"uid {os.getresuid()} gid {os.getresgid()} groups {os.getgroups()}"


@probe("become_by_set_user_id_program", own=False)
def _():
    """Runs each program of the system that would change the user, held at its start, and looks at who it is."""
    found, tried = [], 0
    for folder in ("/usr/bin", "/usr/sbin", "/usr/lib/openssh", "/usr/libexec"):
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            path = os.path.join(folder, name)
            try:
                about = os.stat(path)
            except OSError:
                continue
            if about.st_mode & stat.S_ISUID and about.st_uid != os.geteuid() and name in ("su", "sudo", "passwd", "chsh",
            "newgrp", "gpasswd"):
                tried += 1
                # They wait for a password at standard input.
                child = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                         start_new_session=True)
                time.sleep(0.1)
                try:
                    uids = next(line for line in open(f"/proc/{child.pid}/status") if line.startswith("Uid:")).split()[1:]
                    if child.poll() is None and uids[1] != str(os.geteuid()):
                        found.append(f"{path} runs as {uids[1]}")
                except (OSError, StopIteration):
                    pass
                child.kill()
                child.wait()
    if found:
        return "; ".join(found)
    raise Refused(f"none of {tried} programs")


# Namespaces and mounts

NEW = dict(user=0x10000000, net=0x40000000, mount=0x00020000, pid=0x20000000, ipc=0x08000000, uts=0x04000000, cgroup=0x02000000,
    time=0x80)


@each("unshare", **NEW)
def _(flag):
    syscall("unshare", flag)
    return f"unshared {flag:#x}"


@each("unshare_with_user", **{name: flag for name, flag in NEW.items() if name != "user"})
def _(flag):
    syscall("unshare", flag | NEW["user"])
    return f"unshared {flag:#x} in a user namespace"


def born(pid):
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return f"made process {pid}"


@each("clone", **NEW)
def _(flag):
    # CLONE_NEWTIME shares its bit with the exit signal of clone.
    if flag == NEW["time"]:
        raise Unavailable("clone has no flag for it")
    return born(syscall("clone", flag | signal.SIGCHLD, 0, 0, 0, 0))


@each("clone3", **NEW)
def _(flag):
    arguments = struct.pack("=8Q", flag, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    return born(syscall("clone3", ctypes.create_string_buffer(arguments, 64), 64))


@each("setns_first", user="user", net="net", mnt="mnt", pid="pid", ipc="ipc", uts="uts", cgroup="cgroup")
def _(kind):
    descriptor = os.open(f"/proc/1/ns/{kind}", os.O_RDONLY)
    syscall("setns", descriptor, 0)
    return f"entered {kind} of pid 1"


@each("setns_own", user="user", net="net", mnt="mnt", ipc="ipc")
def _(kind):
    syscall("setns", os.open(f"/proc/self/ns/{kind}", os.O_RDONLY), 0)
    return f"entered {kind}"


@probe("setns_parent_of_user_namespace")
def _():
    # NS_GET_PARENT
    descriptor = syscall("ioctl", os.open("/proc/self/ns/user", os.O_RDONLY), 0xb702, 0)
    syscall("setns", descriptor, NEW["user"])
    return "entered the parent"


@probe("setns_by_pidfd")
def _():
    syscall("setns", syscall("pidfd_open", 1, 0), NEW["mount"] | NEW["net"])
    return "entered the namespaces of pid 1"


@each("mount", own=False, tmpfs=(b"none", b"tmpfs", 0), proc=(b"proc", b"proc", 0), sysfs=(b"sysfs", b"sysfs", 0),
      debugfs=(b"debugfs", b"debugfs", 0), cgroup=(b"cgroup", b"cgroup2", 0), bind=(b"/", None, 0x1000),
      bind_all=(b"/", None, 0x5000), devpts=(b"devpts", b"devpts", 0), mqueue=(b"mqueue", b"mqueue", 0), bpf=(b"bpf", b"bpf", 0))
def _(what):
    folder = scratch()
    try:
        syscall("mount", what[0], folder.encode(), what[1], what[2], None)
        syscall("umount2", folder.encode(), 2)
        return "mounted"
    finally:
        os.rmdir(folder)


@each("remount_writable", own=False, root=b"/", sys=b"/proc/sys", proc=b"/proc", sysfs=b"/sys", etc=b"/etc", usr=b"/usr",
      dev=b"/dev")
def _(path):
    # MS_REMOUNT | MS_BIND without MS_RDONLY
    syscall("mount", None, path, None, 0x1020, None)
    return f"{path!r} remounted"


@probe("mount_shared", own=False)
def _():
    syscall("mount", None, b"/", None, 0x104000, None)
    return "what is mounted here shows outside"


@probe("unmount_masks", own=False)
def _():
    """Every mount that covers a path of the facts or of the kernel."""
    points = [line.split()[4] for line in read("/proc/self/mountinfo").decode().splitlines()]
    found = []
    for point in points:
        if point in ("/", "/proc", "/dev", "/sys") or not point.startswith((fact("home"), "/proc/", "/run", "/sys/", "/tmp/")):
            continue
        try:
            syscall("umount2", point.encode().decode("unicode_escape").encode(), 2)
            found.append(point)
        except OSError as error:
            last = error
    if found:
        return f"unmounted {found}"
    raise last


@probe("mount_open_tree")
def _():
    return f"tree {syscall('open_tree', -100, b'/', 1 | 0x8000)}"


@probe("mount_open_tree_attr")
def _():
    return f"tree {syscall('open_tree_attr', -100, b'/', 1, ctypes.create_string_buffer(32), 32)}"


@probe("mount_move", own=False)
def _():
    folder = scratch()
    try:
        return behind_permission(errno.EINVAL)("move_mount", -100, folder.encode(), -100, folder.encode(), 0)
    finally:
        os.rmdir(folder)


@probe("mount_fsopen")
def _():
    return f"context {syscall('fsopen', b'tmpfs', 0)}"


@probe("mount_fspick", own=False)
def _():
    return f"context {syscall('fspick', -100, b'/', 0)}"


@probe("mount_setattr", own=False)
def _():
    # Takes away MOUNT_ATTR_NOSUID, which changes nothing where it is not set.
    attributes = ctypes.create_string_buffer(struct.pack("=4Q", 0, 2, 0, 0), 32)
    syscall("mount_setattr", -100, b"/proc", 0, attributes, 32)
    return "attributes changed"


@probe("pivot_root", own=False)
def _():
    return behind_permission(errno.EBUSY, errno.EINVAL)("pivot_root", b"/", b"/")


@probe("chroot_escape")
def _():
    folder = scratch()
    try:
        keep = os.open("/", os.O_RDONLY)
        os.chroot(folder)
        os.fchdir(keep)
        for _ in range(32):
            os.chdir("..")
        os.chroot(".")
        return f"at {os.stat('.').st_ino}"
    finally:
        try:
            os.rmdir(folder)
        except OSError:
            pass


# Devices and the kernel

@each("device", vda="/dev/vda", sda="/dev/sda", nvme="/dev/nvme0n1", mapper="/dev/mapper/control", loop="/dev/loop0",
      loop_control="/dev/loop-control", mem="/dev/mem", port="/dev/port", kmsg="/dev/kmsg", kvm="/dev/kvm", fuse="/dev/fuse",
      vsock="/dev/vsock", vhost="/dev/vhost-net", tun="/dev/net/tun", input="/dev/input/event0", dri="/dev/dri/card0",
      uinput="/dev/uinput", sg="/dev/sg0", tty1="/dev/tty1", vcs="/dev/vcs", userfault="/dev/userfaultfd",
      cpu="/dev/cpu/0/msr", btrfs="/dev/btrfs-control", hpet="/dev/hpet", rtc="/dev/rtc0")
def _(path):
    # O_NOCTTY: a console must not become this session's terminal.
    return opens(path, os.O_RDWR | os.O_NOCTTY)


@probe("device_console")
def _():
    # The agent's own terminal goes by this name where /dev/pts is new.
    if os.path.exists("/dev/console") and os.stat("/dev/console").st_rdev == os.fstat(0).st_rdev:
        raise Refused("it is the agent's own terminal")
    return opens("/dev/console", os.O_RDWR | os.O_NOCTTY)


@each("device_made", disk=(stat.S_IFBLK, 8, 0), virtual_disk=(stat.S_IFBLK, 253, 0), memory=(stat.S_IFCHR, 1, 1),
      vsock=(stat.S_IFCHR, 10, 121))
def _(node):
    folder = scratch()
    path = f"{folder}/node"
    try:
        os.mknod(path, node[0] | 0o600, os.makedev(node[1], node[2]))
        return "made"
    finally:
        if os.path.lexists(path):
            os.unlink(path)
        os.rmdir(folder)


@each("kernel_files", debug="/sys/kernel/debug", tracing="/sys/kernel/tracing", bpf="/sys/fs/bpf", pstore="/sys/fs/pstore",
      security="/sys/kernel/security", config="/sys/kernel/config")
def _(path):
    if not (names := os.listdir(path)):
        raise Refused("empty")
    return f"{len(names)} entries"


@probe("kernel_memory")
def _():
    return opens("/proc/kcore", os.O_RDONLY)


@probe("kernel_symbols")
def _():
    if any(not line.startswith(b"0" * 16) for line in read("/proc/kallsyms", 4096).splitlines()[:-1]):
        return "/proc/kallsyms tells addresses"
    raise Refused("no addresses")


@probe("module_load")
def _():
    return behind_permission(errno.ENOEXEC, errno.EINVAL, errno.EFAULT)("init_module", b"", 0, b"")


@probe("module_load_file")
def _():
    return behind_permission(errno.EBADF, errno.EINVAL)("finit_module", -1, b"", 0)


@probe("module_unload")
def _():
    return behind_permission(errno.ENOENT)("delete_module", b"runagents-no-such-module", os.O_NONBLOCK)


@probe("kexec")
def _():
    # One segment more than there can be.
    return behind_permission(errno.EINVAL)("kexec_load", 0, 17, None, 0)


@each("swap", on="swapon", off="swapoff")
def _(name):
    return behind_permission(errno.ENOENT, errno.EINVAL)(name, b"/runagents-no-such-file", *([0] if name == "swapon" else []))


@probe("accounting")
def _():
    return behind_permission(errno.ENOENT)("acct", b"/runagents-no-such-file")


@probe("reboot")
def _():
    # Without its magic numbers it does nothing; who may not reboot does not get as far.
    return behind_permission(errno.EINVAL)("reboot", 0, 0, 0, None)


@probe("clock")
def _():
    syscall("settimeofday", None, None)
    return "the clock can be set"


@probe("host_name")
def _():
    name = platform.node().encode()
    syscall("sethostname", name, len(name))
    if os.readlink("/proc/self/ns/uts") != fact("namespaces").get("uts"):
        raise Refused("a name of its own")
    return "the machine's name can be set"


@probe("io_privilege")
def _():
    return f"iopl: {syscall('iopl', 3)}"


@probe("io_ports")
def _():
    return f"ioperm: {syscall('ioperm', 0x80, 1, 1)}"


@probe("bpf_map")
def _():
    return f"map {syscall('bpf', 0, ctypes.create_string_buffer(struct.pack('=4I', 2, 4, 4, 1), 128), 128)}"


@probe("perf_event")
def _():
    # A software clock of this process without the kernel's part.
    attributes = ctypes.create_string_buffer(struct.pack("=IIQQQQQ", 1, 112, 0, 0, 0, 0, 1 | 1 << 5 | 1 << 6), 112)
    return f"event {syscall('perf_event_open', attributes, 0, -1, -1, 0)}"


@probe("userfaultfd")
def _():
    return f"descriptor {syscall('userfaultfd', os.O_CLOEXEC | 1)}"


@probe("io_uring")
def _():
    return f"ring {syscall('io_uring_setup', 4, ctypes.create_string_buffer(120))}"


@probe("foreign_int80")
def _():
    """The 32-bit socket call, which a filter for 64-bit numbers does not know."""
    if MACHINE != "x86_64":
        raise Unavailable("only x86 has this gate")
    # push rbx; mov eax, 359; mov ebx, 1; mov ecx, 1; xor edx, edx; int 0x80; pop rbx; ret
    code = b"\x53\xb8\x67\x01\0\0\xbb\1\0\0\0\xb9\1\0\0\0\x31\xd2\xcd\x80\x5b\xc3"
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    result = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return f"socket {result}"


@probe("foreign_x32")
def _():
    if MACHINE != "x86_64":
        raise Unavailable("only x86 has this bit")
    return f"process {raw_syscall(0x40000000 | 39)}"


@probe("foreign_x32_socket")
def _():
    if MACHINE != "x86_64":
        raise Unavailable("only x86 has this bit")
    return f"socket {raw_syscall(0x40000000 | 41, 40, 1, 0)}"


# Memory and queues that are shared by name

@probe("shared_memory_sysv")
def _():
    _libc.shmat.restype = ctypes.c_void_p
    _libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    memory = syscall("shmget", fact("shared_memory"), 0, 0)
    where = _libc.shmat(memory, None, 0o10000)
    return repr(ctypes.string_at(where, 16))


@probe("shared_memory_posix")
def _():
    return holds(f"/dev/shm/{fact('shared_file')['name']}", fact("shared_file")["marker"])


@probe("message_queue")
def _():
    return f"queue {syscall('mq_open', fact('queue').encode(), os.O_RDONLY | os.O_NONBLOCK, 0, None)}"


# Afterwards

def outlive(marker, delay=5):
    """Leaves a process that writes a file later, in a session of its own and deaf to what ends one politely."""
    if child := os.fork():
        os.waitpid(child, 0)
        return
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    if os.fork():
        os._exit(0)
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.closerange(3, 1024)
    time.sleep(delay)
    with open(marker, "w") as file:
        file.write("still here\n")
    os._exit(0)


# Running

# Without a fence these say what the kernel lacks.
LACKING = (errno.ENOSYS, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.ENODEV, errno.ENOPROTOOPT)


def judged(function):
    try:
        return "open", str(function())
    except Unavailable as reason:
        return "unavailable", str(reason)
    except (Refused, subprocess.TimeoutExpired) as refusal:
        return "refused", str(refusal)
    except OSError as error:
        detail = f"{errno.errorcode.get(error.errno, type(error).__name__)}: {error}"
        return "unavailable" if not FACTS.get("inside", True) and error.errno in LACKING else "refused", detail
    except BaseException:
        return "broken", traceback.format_exc()


def attempt(name):
    """One probe in a process of its own, so that one that is killed or hangs ends nothing else."""
    function, own = PROBES[name]
    if not own and not FACTS.get("inside", True) or name in FACTS.get("without", ()):
        return "unavailable", "left out here: it would touch more than what the test made"
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.write(writer, json.dumps(judged(function)).encode()[:60000])
        os._exit(0)
    os.close(writer)
    end, content = time.monotonic() + TIME_LIMIT, b""
    while (left := end - time.monotonic()) > 0 and select.select([reader], [], [], left)[0]:
        piece = os.read(reader, 65536)
        if not piece:
            break
        content += piece
        try:
            json.loads(content)
            break
        except ValueError:
            pass
    os.close(reader)
    if not content and time.monotonic() >= end:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return "refused", f"hung for {TIME_LIMIT} s"
    try:
        # A result whose process does not go is a result.
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    except ChildProcessError:
        status = 0
    if content:
        return tuple(json.loads(content))
    code = os.waitstatus_to_exitcode(status)
    return "refused", f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"


def inherited():
    found = []
    for number in range(3, 1024):
        try:
            fcntl.fcntl(number, fcntl.F_GETFD)
        except OSError:
            continue
        try:
            found.append((number, os.readlink(f"/proc/self/fd/{number}")))
        except OSError as error:
            found.append((number, str(error)))
    return found


def with_key(name, value, command):
    try:
        syscall("keyctl", 1, None, 0, 0, 0)
        for ring in (-3, -4):
            key = syscall("add_key", b"user", name.encode(), value.encode(), len(value), ring)
            # Possessor and owner may do everything, and nobody has to take it away.
            syscall("keyctl", 5, key, 0x3f3f0000, 0, 0)
            syscall("keyctl", 15, key, 600, 0, 0)
    except OSError as error:
        print(f"no key could be added: {error}", file=sys.stderr)
    os.execvp(command[0], command)


def main():
    if sys.argv[1] == "--with-key":
        with_key(sys.argv[2], sys.argv[3], sys.argv[4:])
    INHERITED.extend(inherited())
    # What is known only once the run has started is written then.
    end = time.monotonic() + 30
    while not os.path.exists(sys.argv[1]) and time.monotonic() < end:
        time.sleep(0.02)
    with open(sys.argv[1]) as file:
        FACTS.update(json.load(file))
    results = []
    for name in FACTS.get("only") or PROBES:
        start = time.monotonic()
        outcome, detail = attempt(name)
        results.append({"name": name, "outcome": outcome, "detail": detail[:2000], "seconds": round(time.monotonic() - start, 2)})
    if FACTS.get("marker_file"):
        outlive(FACTS["marker_file"])
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()

/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD in scenarios whose tunnels end in a network namespace and whose agents run beside
 * it: queues of packets and netlink are opened, and programs are started, in the namespace of the
 * file QW_NETNS. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

struct nfq_handle;
struct nfq_handle *nfq_open(void);
struct mnl_socket;
struct mnl_socket *mnl_socket_open2(int bus, int flags);

/* Of the calling thread; the namespace it was in, -1: it stays. */
static int enter(void)
{
    const char *path = getenv("QW_NETNS");
    int other = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

    if (other < 0 || own < 0 || setns(other, CLONE_NEWNET) != 0) {
        abort(); /* a scenario that asks for it cannot do without */
    }
    close(other);
    return own;
}

static void leave(int own)
{
    if (setns(own, CLONE_NEWNET) != 0) {
        abort();
    }
    close(own);
}

struct nfq_handle *nfq_open(void)
{
    struct nfq_handle *(*real)(void);
    struct nfq_handle *handle;
    int own = enter();

    *(void **)&real = dlsym(RTLD_NEXT, "nfq_open");
    handle = real();
    leave(own);
    return handle;
}

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
    struct mnl_socket *(*real)(int, int);
    struct mnl_socket *line;
    int own = enter();

    *(void **)&real = dlsym(RTLD_NEXT, "mnl_socket_open2");
    line = real(bus, flags);
    leave(own);
    return line;
}

int posix_spawnp(pid_t *child, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const arguments[],
                 char *const environment[])
{
    int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                const posix_spawnattr_t *, char *const[], char *const[]);
    int own = enter();
    int result;

    *(void **)&real = dlsym(RTLD_NEXT, "posix_spawnp");
    result = real(child, file, actions, attributes, arguments, environment);
    leave(own);
    return result;
}

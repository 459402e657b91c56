/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "link/hold/filter_rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { RULES_MAX = 16 /* of dead processes, for one network */, QUEUE_CAP = 8 };

static bool is_v6(const char *network)
{
    return strchr(network, ':') != NULL;
}

bool qw_filter_network_ok(const char *network)
{
    char address[INET6_ADDRSTRLEN];
    size_t len = strcspn(network, "/");
    unsigned char bytes[16];
    char *end = NULL;
    long bits = 0;

    if (len >= sizeof address) {
        return false;
    }
    memcpy(address, network, len);
    address[len] = '\0';
    if (network[len] == '/') {
        bits = strtol(network + len + 1, &end, 10);
        if (network[len + 1] < '0' || network[len + 1] > '9' || *end != '\0' ||
            bits > (is_v6(network) ? 128 : 32)) {
            return false;
        }
    }
    return inet_pton(is_v6(network) ? AF_INET6 : AF_INET, address, bytes) == 1;
}

/* Its own words are not ours: they go nowhere. */
static bool run(const char *const arguments[])
{
    static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
    posix_spawn_file_actions_t actions;
    int status = -1;
    pid_t child = -1;
    bool ok;

    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    ok = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0) == 0 &&
         posix_spawn_file_actions_adddup2(&actions, 0, 1) == 0 &&
         posix_spawn_file_actions_adddup2(&actions, 0, 2) == 0 &&
         posix_spawnp(&child, arguments[0], &actions, NULL, (char *const *)(uintptr_t)arguments,
                      environment) == 0;
    posix_spawn_file_actions_destroy(&actions);
    while (ok && waitpid(child, &status, 0) < 0) {
        ok = errno == EINTR;
    }
    return ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The last place before a packet leaves, and so for those of this host as for those it forwards. */
static bool change(const char *step, const char *network, uint16_t queue)
{
    char number[QUEUE_CAP];
    const char *const arguments[] = { is_v6(network) ? "ip6tables" : "iptables",
                                      "-w",
                                      "-t",
                                      "mangle",
                                      step,
                                      "POSTROUTING",
                                      "-d",
                                      network,
                                      "-j",
                                      "NFQUEUE",
                                      "--queue-num",
                                      number,
                                      "--queue-bypass",
                                      NULL };

    (void)snprintf(number, sizeof number, "%u", (unsigned)queue);
    return run(arguments);
}

qw_err qw_filter_rule_insert(const char *network, uint16_t queue)
{
    return change("-I", network, queue) ? QW_OK : QW_ERR_UNAVAILABLE;
}

void qw_filter_rule_delete(const char *network, uint16_t queue)
{
    for (int i = 0; i < RULES_MAX && change("-D", network, queue); i++) {
    }
}

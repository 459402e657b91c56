/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/host.h"

#include "base/socket.h"

#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

enum { ADDRESSES_MAX = 8, ADDRESS_CAP = 64 };

qw_err qw_host_connect(const char *host, uint16_t port, int timeout_ms, int *fd)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *addresses;
    qw_err err = QW_ERR_NOT_FOUND;
    int tried = 0;

    if (getaddrinfo(host, NULL, &hints, &addresses) != 0) {
        return QW_ERR_NOT_FOUND;
    }
    for (const struct addrinfo *a = addresses; a != NULL && tried < ADDRESSES_MAX && err != QW_OK;
         a = a->ai_next, tried++) {
        char address[ADDRESS_CAP];

        if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof address, NULL, 0,
                        NI_NUMERICHOST) == 0) {
            err = qw_socket_connect(address, port, timeout_ms, fd);
        }
    }
    freeaddrinfo(addresses);
    return err;
}

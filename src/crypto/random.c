/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "crypto/random.h"

#include <errno.h>
#include <sys/random.h>

qw_err qw_random_bytes(void *out, size_t len)
{
    uint8_t *at = out;

    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return QW_ERR_IO;
        }
        at += got;
        len -= (size_t)got;
    }
    return QW_OK;
}

uint32_t qw_random_spread(void)
{
    uint32_t random;

    return qw_random_bytes(&random, sizeof random) == QW_OK ? random : UINT32_MAX;
}

/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/secret.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { HEADER_LEN = 64 }; /* keeps the caller's memory aligned for vector loads */

void qw_wipe(void *p, size_t len)
{
    if (len > 0) {
        explicit_bzero(p, len);
    }
}

void qw_wipe_free(void *p, size_t len)
{
    if (p != NULL) {
        qw_wipe(p, len);
        free(p);
    }
}

bool qw_equal_ct(const void *a, const void *b, size_t len)
{
    const volatile unsigned char *x = a;
    const volatile unsigned char *y = b;
    unsigned char difference = 0;

    for (size_t i = 0; i < len; i++) {
        difference = (unsigned char)(difference | (x[i] ^ y[i]));
    }
    return difference == 0;
}

void *qw_secret_new(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t total;
    unsigned char *block;

    qw_assert(len > 0);
    if (len > SIZE_MAX / 2) {
        return NULL;
    }
    total = (len + HEADER_LEN + page - 1) / page * page;
    block = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) {
        return NULL;
    }
    if (mlock(block, total) != 0 || madvise(block, total, MADV_DONTDUMP) != 0 ||
        madvise(block, total, MADV_WIPEONFORK) != 0) {
        munmap(block, total);
        return NULL;
    }
    memcpy(block, &total, sizeof total);
    return block + HEADER_LEN;
}

void qw_secret_free(void *p)
{
    unsigned char *block;
    size_t total;

    if (p == NULL) {
        return;
    }
    block = (unsigned char *)p - HEADER_LEN;
    memcpy(&total, block, sizeof total);
    if (total == 0) {
        return; /* a forked child: the pages were emptied by MADV_WIPEONFORK, nothing is left to
                   wipe */
    }
    qw_wipe(block, total);
    munmap(block, total);
}

qw_err qw_process_harden(void)
{
    struct rlimit none = { 0, 0 };
    struct rlimit locked;

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return QW_ERR_IO;
    }
    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur < locked.rlim_max) {
        locked.rlim_cur = locked.rlim_max;
        (void)setrlimit(RLIMIT_MEMLOCK, &locked); /* a lower limit shows as QW_ERR_NOMEM later */
    }
    return QW_OK;
}

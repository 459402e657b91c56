/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/secret.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

struct header { /* before the caller's memory; zero in a forked child (MADV_WIPEONFORK) */
    size_t len; /* of all that the caller may have written, with the header */
    struct qw_secret_pool *pool; /* NULL: pages of its own */
    struct header *next;         /* in the pool, while it is not lent */
};
enum { HEADER_LEN = 64 }; /* keeps the caller's memory aligned for vector loads */
_Static_assert(sizeof(struct header) <= HEADER_LEN, "the header has room");

struct qw_secret_pool {
    pthread_mutex_t lock;
    struct header *first;
    size_t piece_len, count, left;
    void *pages;
};

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
    ((struct header *)(void *)block)->len = total;
    return block + HEADER_LEN;
}

static struct header *header_of(void *p)
{
    return (struct header *)(void *)((unsigned char *)p - HEADER_LEN);
}

static void put_back(struct qw_secret_pool *pool, struct header *header)
{
    qw_wipe(header, header->len);
    pthread_mutex_lock(&pool->lock);
    header->next = pool->first;
    pool->first = header;
    pool->left++;
    pthread_mutex_unlock(&pool->lock);
}

void qw_secret_free(void *p)
{
    struct header *header;
    size_t len;

    if (p == NULL) {
        return;
    }
    header = header_of(p);
    len = header->len;
    if (len == 0) {
        return; /* a forked child: nothing is left to wipe */
    }
    if (header->pool != NULL) {
        put_back(header->pool, header);
        return;
    }
    qw_wipe(header, len);
    munmap(header, len);
}

qw_err qw_secret_pool_new(size_t piece_len, size_t count, struct qw_secret_pool **pool_out)
{
    struct qw_secret_pool *pool;
    size_t stride;
    unsigned char *at;

    qw_assert(piece_len > 0 && count > 0 && piece_len < SIZE_MAX / 4 / count);
    pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        return QW_ERR_NOMEM;
    }
    stride = HEADER_LEN + (piece_len + HEADER_LEN - 1) / HEADER_LEN * HEADER_LEN;
    pool->pages = qw_secret_new(stride * count);
    if (pool->pages == NULL) {
        free(pool);
        return QW_ERR_NOMEM;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pool->piece_len = piece_len;
    pool->count = count;
    at = pool->pages;
    for (size_t i = 0; i < count; i++) {
        put_back(pool, (struct header *)(void *)(at + i * stride));
    }
    *pool_out = pool;
    return QW_OK;
}

void qw_secret_pool_free(struct qw_secret_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    qw_assert(pool->left == pool->count);
    pthread_mutex_destroy(&pool->lock);
    qw_secret_free(pool->pages);
    free(pool);
}

void *qw_secret_lend(struct qw_secret_pool *pool, size_t len)
{
    struct header *header = NULL;

    qw_assert(len > 0);
    if (len <= pool->piece_len) {
        pthread_mutex_lock(&pool->lock);
        header = pool->first;
        if (header != NULL) {
            pool->first = header->next;
            pool->left--;
        }
        pthread_mutex_unlock(&pool->lock);
    }
    if (header == NULL) {
        return qw_secret_new(len);
    }
    *header = (struct header){ .len = HEADER_LEN + len, .pool = pool };
    return (unsigned char *)header + HEADER_LEN;
}

qw_err qw_process_harden(void)
{
    struct rlimit none = { 0, 0 };
    struct rlimit locked = { 0, 0 };

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return QW_ERR_IO;
    }
    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur < locked.rlim_max) {
        locked.rlim_cur = locked.rlim_max;
        (void)setrlimit(RLIMIT_MEMLOCK, &locked); /* a lower limit shows as QW_ERR_NOMEM later */
    }
    if (locked.rlim_cur == RLIM_INFINITY) { /* under a limit, memory could run out at any time */
        (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    }
    return QW_OK;
}

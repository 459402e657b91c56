/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_AUTH_POOL_FILE_H
#define QW_QKD_AUTH_POOL_FILE_H

#include "qkd/auth_pool.h"

#include <stddef.h>

/* An authentication pool in a file of its own at each end, charged to both beforehand. What a tag
 * uses up is gone from the file, durably, before the tag leaves: a crash may lose pool, it never
 * uses a byte twice. What a refill adds is in the file, durably, before anybody is told. Format:
 *   "QWQKDP2\n" | half length u32 | epsilon u64, the bits of the double (IEEE 754) |
 *   for up, then down: base u64 | used u32 | length u32 | up half | down half
 * where a half is a hash key of 16 bytes and a window of one-time bytes: its first byte stands at
 * position base, and it holds length of them, zero as far as used and behind the length. A copy of
 * the file that is put back is the one thing that breaks this: keep none. */
enum {
    QW_QKD_POOL_FILE_LEN_MIN = QW_QKD_POOL_LEN_MIN,
    QW_QKD_POOL_FILE_LEN_MAX = 1 << 20 /* of both halves */
};

struct qw_qkd_pool_file; /* holds the pool in locked memory */

/* Charges both ends: two new files with the same fresh bytes from the kernel's generator. len: of
 * both halves together, even. QW_ERR_ARG, QW_ERR_CONFLICT when a file exists, QW_ERR_IO,
 * QW_ERR_NOMEM. */
qw_err qw_qkd_pool_file_charge(const char *path_a, const char *path_b, size_t len) QW_MUST_USE;

/* QW_ERR_REFUSED when others than the owner may read it, QW_ERR_FORMAT, QW_ERR_NOT_FOUND,
 * QW_ERR_NOMEM, QW_ERR_IO. Copies path. */
qw_err qw_qkd_pool_file_open(const char *path, struct qw_qkd_pool_file **file) QW_MUST_USE;
void qw_qkd_pool_file_free(struct qw_qkd_pool_file *file); /* wipes memory; NULL is fine */

/* Borrowed; every use is on disk before it returns. */
struct qw_qkd_auth_pool *qw_qkd_pool_file_pool(struct qw_qkd_pool_file *file);

#endif

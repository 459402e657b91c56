/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_KEYRING_KERNEL_KEYS_H
#define QW_LINK_KEYRING_KERNEL_KEYS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* The key management of the Linux kernel (keyrings(7)), as far as the sink needs it. Keys are named
 * by their serial number. QW_ERR_UNAVAILABLE: this kernel has none, or forbids it here (seccomp of
 * a container); QW_ERR_NOT_FOUND: no such key, expired or revoked; QW_ERR_REFUSED: its owner or
 * permissions do not allow it; QW_ERR_LIMIT: quota of its owner; QW_ERR_NOMEM; QW_ERR_IO. */
typedef int32_t qw_key_serial;

enum { QW_KEY_OF_THREAD = -1 }; /* the calling thread's own keyring */

/* The user's keyring of uid: the calling user's own, or another's persistent keyring, which is then
 * linked to the keyring of this thread. */
qw_err qw_kernel_keyring_of(uint32_t uid, qw_key_serial *ring) QW_MUST_USE;

/* type: "user", "logon" or "keyring" (without data). Takes the place of one of the same name. */
qw_err qw_kernel_key_add(const char *type, const char *name, const void *data, size_t len,
                         qw_key_serial ring, qw_key_serial *key) QW_MUST_USE;
qw_err qw_kernel_key_find(qw_key_serial ring, const char *type, const char *name,
                          qw_key_serial *key) QW_MUST_USE;
/* At most cap bytes; len: as many as there are. */
qw_err qw_kernel_key_read(qw_key_serial key, void *out, size_t cap, size_t *len) QW_MUST_USE;

/* Readable for the owner only, and the owner is uid; expires after timeout_s, 0: never. Only for a
 * key that this thread possesses. */
qw_err qw_kernel_key_hand_over(qw_key_serial key, uint32_t uid, uint32_t timeout_s) QW_MUST_USE;

/* In one step, in the place of one of the same type and name. */
qw_err qw_kernel_key_link(qw_key_serial key, qw_key_serial ring) QW_MUST_USE;
qw_err qw_kernel_key_unlink(qw_key_serial key, qw_key_serial ring) QW_MUST_USE;
/* Gone at once, whoever has links to it; its content is wiped. */
void qw_kernel_key_invalidate(qw_key_serial key);
/* What is in this thread's keyring goes, unless it is linked elsewhere. */
void qw_kernel_keys_leave(void);

#endif

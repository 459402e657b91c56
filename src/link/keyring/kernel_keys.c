/* SPDX-License-Identifier: Apache-2.0 */
/* By system call: libkeyutils would be one more package for seven calls. */
#define _GNU_SOURCE
#include "link/keyring/kernel_keys.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RIGHTS_OF_POSSESSOR 0x3f000000L
#define RIGHTS_OF_OWNER 0x000b0000L /* view, read, search */

static qw_err failure(void)
{
    switch (errno) {
    case ENOSYS:
    case EOPNOTSUPP:
    case EPERM: /* what seccomp answers; and chown without CAP_SYS_ADMIN in the first namespace */
        return QW_ERR_UNAVAILABLE;
    case ENOKEY:
    case EKEYEXPIRED:
    case EKEYREVOKED:
    case ENOENT:
    case ENOTDIR:
        return QW_ERR_NOT_FOUND;
    case EACCES:
        return QW_ERR_REFUSED;
    case EDQUOT:
    case ENFILE:
        return QW_ERR_LIMIT;
    case ENOMEM:
        return QW_ERR_NOMEM;
    default:
        return QW_ERR_IO;
    }
}

static qw_err keyctl(long verb, long a, long b, long c, long d, long *result)
{
    long said = syscall(SYS_keyctl, verb, a, b, c, d);

    if (said < 0) {
        return failure();
    }
    if (result != NULL) {
        *result = said;
    }
    return QW_OK;
}

qw_err qw_kernel_keyring_of(uint32_t uid, qw_key_serial *ring)
{
    long serial = 0;
    qw_err err =
        uid == geteuid()
            ? keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1, 0, 0, &serial)
            : keyctl(KEYCTL_GET_PERSISTENT, (long)uid, KEY_SPEC_THREAD_KEYRING, 0, 0, &serial);

    if (err == QW_OK) {
        *ring = (qw_key_serial)serial;
    }
    return err;
}

qw_err qw_kernel_key_add(const char *type, const char *name, const void *data, size_t len,
                         qw_key_serial ring, qw_key_serial *key)
{
    long serial = syscall(SYS_add_key, type, name, data, len, ring);

    if (serial < 0) {
        return failure();
    }
    *key = (qw_key_serial)serial;
    return QW_OK;
}

qw_err qw_kernel_key_find(qw_key_serial ring, const char *type, const char *name,
                          qw_key_serial *key)
{
    long serial = 0;
    qw_err err = keyctl(KEYCTL_SEARCH, ring, (long)type, (long)name, 0, &serial);

    if (err == QW_OK) {
        *key = (qw_key_serial)serial;
    }
    return err;
}

qw_err qw_kernel_key_read(qw_key_serial key, void *out, size_t cap, size_t *len)
{
    long count = 0;
    qw_err err = keyctl(KEYCTL_READ, key, (long)out, (long)cap, 0, &count);

    if (err == QW_OK) {
        *len = (size_t)count;
    }
    return err;
}

qw_err qw_kernel_key_hand_over(qw_key_serial key, uint32_t uid, uint32_t timeout_s)
{
    qw_err err = keyctl(KEYCTL_SETPERM, key, RIGHTS_OF_POSSESSOR | RIGHTS_OF_OWNER, 0, 0, NULL);

    if (err == QW_OK && timeout_s > 0) {
        err = keyctl(KEYCTL_SET_TIMEOUT, key, (long)timeout_s, 0, 0, NULL);
    }
    if (err == QW_OK && uid != geteuid()) {
        err = keyctl(KEYCTL_CHOWN, key, (long)uid, -1, 0, NULL);
    }
    return err;
}

qw_err qw_kernel_key_link(qw_key_serial key, qw_key_serial ring)
{
    return keyctl(KEYCTL_LINK, key, ring, 0, 0, NULL);
}

qw_err qw_kernel_key_unlink(qw_key_serial key, qw_key_serial ring)
{
    return keyctl(KEYCTL_UNLINK, key, ring, 0, 0, NULL);
}

void qw_kernel_key_invalidate(qw_key_serial key)
{
    (void)!keyctl(KEYCTL_INVALIDATE, key, 0, 0, 0, NULL); /* gone already: as good */
}

void qw_kernel_keys_leave(void)
{
    (void)!keyctl(KEYCTL_CLEAR, KEY_SPEC_THREAD_KEYRING, 0, 0, 0, NULL);
}

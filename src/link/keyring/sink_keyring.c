/* SPDX-License-Identifier: Apache-2.0 */
#include "link/keyring/sink_keyring.h"

#include "base/hex.h"
#include "base/secret.h"
#include "link/keyring/kernel_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_NAME_CAP = QW_KEYRING_NAME_CAP + 16, SECOND_MS = 1000 };

struct keyring {
    char name[QW_KEYRING_NAME_CAP];
    const char *type;
    uint32_t uid;
    int64_t life_ms;
    int64_t (*now_ms)(void);
    const struct qw_log *log;
    qw_err said; /* the failure that was logged last */
    bool has_used;
    uint8_t used_id[16];   /* the key that senders use, */
    int64_t used_since_ms; /* since when */
    bool has_ring;         /* what the kernel should have: this one under our name */
    qw_key_serial ring;
};

/* One of the two keys of a keyring. */
enum place { CURRENT, OTHER, PLACES };
static const char *const place_names[PLACES] = { "current", "other" };

static const char *key_name(const struct keyring *k, enum place place, const char *end,
                            char out[static KEY_NAME_CAP])
{
    (void)snprintf(out, KEY_NAME_CAP, "%s:%s%s", k->name, place_names[place], end);
    return out;
}

/* Whole seconds that are left of a key's life; 0: it has no end. */
static uint32_t left_s(const struct keyring *k, const struct qw_link_key *key)
{
    int64_t left_ms = k->life_ms;

    if (k->life_ms == 0) {
        return 0;
    }
    if (k->has_used && qw_equal_ct(k->used_id, key->id, sizeof k->used_id)) {
        left_ms -= k->now_ms() - k->used_since_ms;
    }
    if (left_ms > (int64_t)SECOND_MS * UINT32_MAX) {
        return 0; /* over a century */
    }
    return left_ms <= SECOND_MS ? 1 : (uint32_t)((left_ms + SECOND_MS - 1) / SECOND_MS);
}

/* Is the key's id in this place of the ring, and some key beside it? None: nothing there. */
static bool has_key(const struct keyring *k, qw_key_serial ring, enum place place,
                    const struct qw_link_key *key)
{
    char name[KEY_NAME_CAP], id[QW_UUID_TEXT_CAP], found[QW_UUID_TEXT_CAP] = "";
    qw_key_serial serial;
    size_t len = 0;

    if (qw_kernel_key_find(ring, k->type, key_name(k, place, "", name), &serial) != QW_OK) {
        return key == NULL;
    }
    if (key == NULL ||
        qw_kernel_key_find(ring, "user", key_name(k, place, "-id", name), &serial) != QW_OK ||
        qw_kernel_key_read(serial, found, sizeof found - 1, &len) != QW_OK ||
        len != sizeof found - 1) {
        return false;
    }
    qw_uuid_encode(key->id, id);
    return strcmp(found, id) == 0;
}

static qw_err put_key(const struct keyring *k, qw_key_serial ring, enum place place,
                      const struct qw_link_key *key)
{
    char name[KEY_NAME_CAP], id[QW_UUID_TEXT_CAP];
    qw_key_serial serial = 0;
    qw_err err;

    if (key == NULL) {
        return QW_OK;
    }
    qw_uuid_encode(key->id, id);
    err = qw_kernel_key_add(k->type, key_name(k, place, "", name), key->bytes, sizeof key->bytes,
                            ring, &serial);
    if (err == QW_OK) {
        err = qw_kernel_key_hand_over(serial, k->uid, left_s(k, key));
    }
    if (err == QW_OK) {
        err = qw_kernel_key_add("user", key_name(k, place, "-id", name), id, strlen(id), ring,
                                &serial);
    }
    return err == QW_OK ? qw_kernel_key_hand_over(serial, k->uid, left_s(k, key)) : err;
}

/* The keys of a ring that has left its place. What is gone already is as good. */
static void wipe_ring(const struct keyring *k, qw_key_serial ring)
{
    char name[KEY_NAME_CAP];
    qw_key_serial serial;

    for (enum place place = CURRENT; place < PLACES; place++) {
        if (qw_kernel_key_find(ring, k->type, key_name(k, place, "", name), &serial) == QW_OK) {
            qw_kernel_key_invalidate(serial); /* who still has a link has no key */
        }
    }
}

/* A ring with these keys takes the place of old, 0: of none. */
static qw_err change(struct keyring *k, qw_key_serial parent, qw_key_serial old,
                     const struct qw_link_key *current, const struct qw_link_key *other)
{
    qw_key_serial ring = 0;
    qw_err err = qw_kernel_key_add("keyring", k->name, NULL, 0, QW_KEY_OF_THREAD, &ring);

    if (err == QW_OK) {
        err = put_key(k, ring, CURRENT, current);
    }
    if (err == QW_OK) {
        err = put_key(k, ring, OTHER, other);
    }
    if (err == QW_OK) {
        err = qw_kernel_key_hand_over(ring, k->uid, 0);
    }
    if (err == QW_OK) {
        err = qw_kernel_key_link(ring, parent);
    }
    if (err == QW_OK) {
        k->ring = ring;
        k->has_ring = true;
        if (old != 0) {
            wipe_ring(k, old);
        }
    }
    return err;
}

static void complain(struct keyring *k, qw_err err)
{
    if (err != k->said && err != QW_OK) {
        qw_log_write(k->log, QW_LOG_ERROR, "keyring %s of user %u: %s", k->name, (unsigned)k->uid,
                     err == QW_ERR_UNAVAILABLE
                         ? "the kernel does not let this process: no key management, a container "
                           "that forbids keyctl, or no right to give keys to another user"
                     : err == QW_ERR_LIMIT ? "over the user's quota of keys, "
                                             "/proc/sys/kernel/keys/maxkeys and maxbytes"
                                           : qw_err_text(err));
    }
    k->said = err;
}

static qw_err write_keys(struct keyring *k, const struct qw_link_key *current,
                         const struct qw_link_key *other)
{
    qw_key_serial parent = 0, old = 0;
    qw_err err = qw_kernel_keyring_of(k->uid, &parent);

    if (err == QW_OK) {
        err = qw_kernel_key_find(parent, "keyring", k->name, &old);
        if (err == QW_OK && has_key(k, old, CURRENT, current) && has_key(k, old, OTHER, other)) {
            k->ring = old; /* as it should be already */
            k->has_ring = true;
        } else if (err == QW_OK || err == QW_ERR_NOT_FOUND) {
            err = change(k, parent, old, current, other);
        }
    }
    qw_kernel_keys_leave();
    complain(k, err);
    return err;
}

/* From now on senders use this key. */
static void note_use(struct keyring *k, const struct qw_link_key *key)
{
    if (!k->has_used || !qw_equal_ct(k->used_id, key->id, sizeof k->used_id)) {
        memcpy(k->used_id, key->id, sizeof k->used_id);
        k->used_since_ms = k->now_ms();
        k->has_used = true;
    }
}

static qw_err keyring_prepare(void *self, const struct qw_link_key *current,
                              const struct qw_link_key *next)
{
    return write_keys(self, current, next);
}

static qw_err keyring_promote(void *self, const struct qw_link_key *next,
                              const struct qw_link_key *last)
{
    struct keyring *k = self;
    qw_err err = write_keys(k, next, last);

    if (err == QW_OK) {
        note_use(k, next);
    }
    return err;
}

static qw_err keyring_settle(void *self, const struct qw_link_key *current)
{
    struct keyring *k = self;
    qw_err err = write_keys(k, current, NULL);

    if (err == QW_OK) {
        note_use(k, current);
    }
    return err;
}

static qw_err keyring_block(void *self)
{
    struct keyring *k = self;
    qw_key_serial parent = 0, old = 0;
    qw_err err = qw_kernel_keyring_of(k->uid, &parent);

    if (err == QW_OK) {
        err = qw_kernel_key_find(parent, "keyring", k->name, &old);
    }
    if (err == QW_OK) {
        wipe_ring(k, old);
        err = qw_kernel_key_unlink(old, parent);
    } else if (err == QW_ERR_NOT_FOUND) {
        err = QW_OK;
    }
    k->has_ring = k->has_ring && err != QW_OK;
    qw_kernel_keys_leave();
    complain(k, err);
    return err;
}

/* Somebody may have taken the keyring away. The look also keeps another user's persistent keyring
 * from ending, which it does after three days without. */
static bool keyring_is_well(void *self)
{
    struct keyring *k = self;
    qw_key_serial parent = 0, found = 0;
    qw_err err = qw_kernel_keyring_of(k->uid, &parent);

    if (err == QW_OK) {
        err = qw_kernel_key_find(parent, "keyring", k->name, &found);
    }
    qw_kernel_keys_leave();
    return !k->has_ring || (err == QW_OK && found == k->ring);
}

static void keyring_close(void *self)
{
    qw_wipe_free(self, sizeof(struct keyring));
}

qw_err qw_sink_keyring(const struct qw_sink_keyring_config *config, struct qw_key_sink *sink)
{
    struct keyring *k;

    if (config->name[0] == '\0' || strlen(config->name) >= QW_KEYRING_NAME_CAP ||
        config->life_ms < 0) {
        return QW_ERR_ARG;
    }
    k = calloc(1, sizeof *k);
    if (k == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(k->name, config->name, strlen(config->name));
    k->type = config->is_logon ? "logon" : "user";
    k->uid = config->uid;
    k->life_ms = config->life_ms;
    k->now_ms = config->now_ms;
    k->log = config->log;
    *sink = (struct qw_key_sink){ .kind = "keyring",
                                  .self = k,
                                  .prepare = keyring_prepare,
                                  .promote = keyring_promote,
                                  .settle = keyring_settle,
                                  .block = keyring_block,
                                  .is_well = keyring_is_well,
                                  .close = keyring_close };
    return QW_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of partners' applications for ours: X4 of docs/protocol/etsi020.md, and their withdrawal. */
#include "base/clock.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/key/tombstone.h"
#include "centre/key/void_keys.h"
#include "centre/pair/key_id.h"
#include "centre/pair/quota.h"
#include "centre/partner/check.h"
#include "centre/partner/send.h"

#include <stdio.h>
#include <string.h>

enum { SOURCE_CAP = 64, CLAIM_MAX = SOURCE_CAP - 6 - QW_KME_ID_MAX };

/* The provenance of what a partner sent: its name first, so that it is found again and nobody takes
 * a claim for our own knowledge. */
static void name_source(const char *partner, const char *claimed, char out[static SOURCE_CAP])
{
    (void)snprintf(out, SOURCE_CAP, "kme:%.*s%s%.*s", QW_KME_ID_MAX, partner,
                   claimed[0] != '\0' ? "/" : "", CLAIM_MAX, claimed);
}

static bool is_from(const char *source, const char *partner)
{
    char prefix[SOURCE_CAP];
    size_t len;

    name_source(partner, "", prefix);
    len = strlen(prefix);
    return strncmp(source, prefix, len) == 0 && (source[len] == '\0' || source[len] == '/');
}

static size_t places_of(const struct qw_partner_keys *keys)
{
    size_t places = 0;

    for (size_t i = 0; i < keys->count; i++) {
        places += qw_key_slots(keys->keys[i].bits);
    }
    return places;
}

static bool has_repeat(const struct qw_partner_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (qw_equal_ct(keys->keys[i].id, keys->keys[k].id, 16)) {
                return true;
            }
        }
    }
    return false;
}

static bool keys_ok(const struct qw_partner_keys *keys)
{
    if (keys->count < 1 || keys->count > QW_DELIVERY_KEYS_MAX || keys->target_count < 1 ||
        keys->target_count > QW_PARTNER_TARGETS_MAX || has_repeat(keys)) {
        return false;
    }
    for (size_t i = 0; i < keys->count; i++) {
        uint16_t bits = keys->keys[i].bits;

        if (bits < QW_KEY_BITS_MIN || bits > QW_KEY_BITS_MAX || bits % 8 != 0) {
            return false;
        }
    }
    return places_of(keys) <= QW_BLOCK_KEYS_MAX;
}

static bool is_application(const struct qw_device *device, const char *home)
{
    return device->kind == QW_DEVICE_APPLICATION && device->state == QW_DEVICE_ACTIVE &&
           strcmp(device->home, home) == 0;
}

/* The initiator, at home with the caller, to centre->card; every target at home here and its peer.
 */
static qw_err check_parties(struct qw_centre *centre, const struct qw_deed *deed,
                            const struct qw_partner_keys *keys)
{
    const struct qw_device *initiator = &centre->card.device;
    const struct qw_device *target = &centre->holder.device;
    qw_err err = qw_card_book_load(centre, keys->initiator, &centre->card);

    if (err == QW_ERR_NOT_FOUND || (err == QW_OK && !is_application(initiator, deed->caller->id))) {
        return qw_centre_refuse(centre, deed, QW_ERR_ARG, "no initiator of this partner");
    }
    for (size_t i = 0; i < keys->target_count && err == QW_OK; i++) {
        err = qw_card_book_load(centre, keys->targets[i], &centre->holder);
        if (err == QW_ERR_NOT_FOUND || (err == QW_OK && (!is_application(target, "") ||
                                                         !qw_device_permits(initiator, target)))) {
            return qw_centre_refuse(centre, deed, QW_ERR_ARG, "no target of this initiator here");
        }
    }
    return err;
}

/* An id that is here, was here, or could be one of our own is nobody else's to give. */
static qw_err check_id(struct qw_centre *centre, const uint8_t id[static 16])
{
    struct qw_key_record key;
    struct qw_key_spot spot;
    qw_err err = qw_key_record_load(centre, id, &key);

    if (err == QW_ERR_NOT_FOUND) {
        err = qw_tombstone_load(centre, id, &key);
    }
    if (err == QW_ERR_NOT_FOUND) {
        err = qw_key_id_resolve(centre, id, &spot);
    }
    if (err == QW_ERR_NOT_FOUND) {
        return QW_OK;
    }
    return err == QW_OK ? QW_ERR_CONFLICT : err;
}

static void put_record(struct qw_centre *centre, struct qw_group *group,
                       const struct qw_partner_keys *keys, const struct qw_given_key *given,
                       uint16_t position)
{
    struct qw_key_record key = { .state = QW_KEY_DELIVERED, /* to the master, by its own centre */
                                 .bits = given->bits,
                                 .other_count = (uint8_t)(keys->target_count - 1),
                                 .place = { .block = centre->block.number,
                                            .position = position,
                                            .is_quantum = centre->block.is_quantum,
                                            .is_simulated = centre->block.is_simulated },
                                 .assigned_ms = qw_clock_utc_ms() };

    key.due_ms = key.assigned_ms + (int64_t)centre->config.key_ttl_s * 1000;
    memcpy(key.id, given->id, sizeof key.id);
    memcpy(key.place.source, centre->block.source, sizeof key.place.source);
    (void)snprintf(key.master, sizeof key.master, "%s", keys->initiator);
    (void)snprintf(key.peer, sizeof key.peer, "%s", keys->targets[0]);
    for (size_t i = 1; i < keys->target_count; i++) {
        (void)snprintf(key.others[i - 1].id, sizeof key.others[0].id, "%s", keys->targets[i]);
    }
    group->books.paired += qw_key_slots(given->bits) - 1u; /* the record stands for one of them */
    qw_key_record_put(centre, group, &key);
}

/* A block of its own for what came in one message, nothing left in it to carve. */
static qw_err store_keys(struct qw_centre *centre, const struct qw_deed *deed,
                         const struct qw_partner_keys *keys)
{
    struct qw_block *block = &centre->block;
    struct qw_group group;
    uint16_t position = 0;
    char detail[QW_AUDIT_TEXT_CAP];

    qw_group_begin(centre, &group);
    qw_block_start(centre, &group, (uint16_t)places_of(keys));
    block->state = QW_KEY_ASSIGNED;
    block->next = block->keys;
    block->is_quantum = keys->is_quantum;
    block->is_simulated = keys->is_simulated;
    name_source(deed->caller->id, keys->source, block->source);
    for (size_t i = 0; i < keys->count; i++) {
        const struct qw_given_key *given = &keys->keys[i];

        memcpy(block->material + (size_t)position * QW_KEY_LEN, given->bytes, given->bits / 8u);
        put_record(centre, &group, keys, given, position);
        position = (uint16_t)(position + qw_key_slots(given->bits));
    }
    qw_block_put(centre, &group);
    (void)snprintf(detail, sizeof detail, "%zu keys of %.40s for %.40s%s", keys->count,
                   keys->initiator, keys->targets[0], keys->target_count > 1 ? " and others" : "");
    return qw_group_commit(centre, &group, deed, detail);
}

/* The application's quota holds here as well as at home [Q1 of docs/protocol/etsi014.md]. */
static struct qw_quota_account account_of(const struct qw_centre *centre,
                                          const struct qw_partner_keys *keys)
{
    return (struct qw_quota_account){ .master = keys->initiator,
                                      .slave = keys->targets[0],
                                      .keys_per_s = centre->card.device.keys_per_s };
}

static qw_err take_keys(struct qw_centre *centre, const struct qw_deed *deed,
                        const struct qw_partner_keys *keys)
{
    struct qw_quota_account account;
    qw_err err = qw_partner_check(centre, deed);

    if (err == QW_OK) {
        err = check_parties(centre, deed, keys);
    }
    for (size_t i = 0; i < keys->count && err == QW_OK; i++) {
        err = check_id(centre, keys->keys[i].id);
        if (err == QW_ERR_CONFLICT) {
            return qw_centre_refuse(centre, deed, err, "a key id that is here already");
        }
    }
    if (err != QW_OK) {
        return err;
    }
    account = account_of(centre, keys);
    if (!qw_quota_has_keys(centre->quota, &account)) {
        return QW_ERR_LIMIT;
    }
    err = store_keys(centre, deed, keys);
    if (err == QW_OK) {
        qw_quota_spend_keys(centre->quota, &account, places_of(keys));
    }
    return err;
}

qw_err qw_centre_partner_keys(struct qw_centre *centre, const struct qw_caller *caller,
                              const struct qw_partner_keys *keys)
{
    struct qw_deed deed = { .caller = caller, .verb = "partner-keys", .object = keys->initiator };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_KME)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (!keys_ok(keys)) {
        return QW_ERR_ARG;
    }
    if (qw_centre_is_paused(centre)) {
        return QW_ERR_PAUSED;
    }
    qw_centre_enter(centre);
    err = take_keys(centre, &deed, keys);
    qw_centre_leave(centre);
    return err;
}

static bool was_fetched(const struct qw_key_record *key)
{
    bool any = key->is_fetched;

    for (uint8_t i = 0; i < key->other_count; i++) {
        any = any || key->others[i].is_fetched;
    }
    return any;
}

/* What is not this partner's is not here, as far as it is concerned. */
static void void_one(struct qw_centre *centre, struct qw_group *group, const struct qw_deed *deed,
                     const uint8_t id[static 16], uint64_t *voided, qw_err *fate)
{
    struct qw_key_record key;
    qw_err err = qw_key_record_load(centre, id, &key);

    if (err == QW_ERR_NOT_FOUND || (err == QW_OK && (!is_from(key.place.source, deed->caller->id) ||
                                                     strcmp(key.master, deed->object) != 0))) {
        *fate = *fate == QW_OK ? QW_ERR_NOT_FOUND : *fate;
        return;
    }
    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    if (was_fetched(&key)) {
        *fate = QW_ERR_STATE;
    }
    qw_void_key(centre, group, id, voided);
}

static qw_err void_keys(struct qw_centre *centre, const struct qw_deed *deed,
                        const uint8_t (*ids)[16], size_t count, qw_err *fate)
{
    struct qw_group group;
    char detail[64];
    uint64_t voided = 0;
    qw_err err = qw_partner_check(centre, deed);

    if (err != QW_OK) {
        return err;
    }
    qw_group_begin(centre, &group);
    for (size_t i = 0; i < count; i++) {
        void_one(centre, &group, deed, ids[i], &voided, fate);
    }
    (void)snprintf(detail, sizeof detail, "%llu of %zu keys", (unsigned long long)voided, count);
    return qw_group_commit(centre, &group, deed, detail);
}

qw_err qw_centre_partner_void(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *initiator, const uint8_t (*ids)[16], size_t count,
                              qw_err *fate)
{
    struct qw_deed deed = { .caller = caller, .verb = "partner-void", .object = initiator };
    qw_err worst = QW_OK;
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_KME)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (count < 1 || count > QW_DELIVERY_KEYS_MAX || !qw_device_id_ok(initiator)) {
        return QW_ERR_ARG;
    }
    qw_centre_enter(centre);
    err = void_keys(centre, &deed, ids, count, &worst);
    qw_centre_leave(centre);
    if (err == QW_OK) {
        *fate = worst;
    }
    return err;
}

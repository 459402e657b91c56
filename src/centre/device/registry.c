/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: registered, looked up, moved from state to state [C8]. */
#include "base/secret.h"
#include "centre/certificate/drop.h"
#include "centre/device/binding.h"
#include "centre/device/card_book.h"
#include "centre/device/change.h"
#include "centre/device/charge_order.h"
#include "centre/device/destruction.h"
#include "centre/device/entry.h"
#include "centre/device/reach.h"
#include "centre/key/key_life.h"
#include "centre/key/void_keys.h"
#include "centre/pair/fair_share.h"
#include "centre/people/unit_use.h"
#include "centre/psk/psk.h"

#include <stdio.h>
#include <string.h>

static void copy_text(char *out, size_t cap, const char *text)
{
    memset(out, 0, cap);
    memcpy(out, text, strlen(text));
}

/* What makes no sense is in no journal. */
static qw_err add_entry(struct qw_centre *centre, const struct qw_deed *deed,
                        const struct qw_device_entry *entry, const struct qw_officer *self)
{
    struct qw_card_book *book = &centre->card;
    struct qw_device device;
    struct qw_group group;
    const char *cause = NULL;
    qw_err err = qw_entry_check(centre, entry, self, &device, &cause);

    if (err == QW_ERR_REFUSED || err == QW_ERR_CONFLICT) {
        return qw_centre_refuse(centre, deed, err, cause);
    }
    if (err != QW_OK) {
        return err;
    }
    qw_wipe(book, sizeof *book);
    qw_group_begin(centre, &group);
    group.books.registry++;
    book->device = device;
    book->number = group.books.next_device++;
    err = qw_unit_use_device(centre, &group, device.unit);
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err == QW_ERR_LIMIT
                   ? qw_centre_refuse(centre, deed, err, "the quota of its unit is used up")
                   : err;
    }
    qw_card_book_put(centre, &group, book);
    return qw_group_commit(centre, &group, deed, qw_device_kind_names[device.kind]);
}

qw_err qw_centre_device_add(struct qw_centre *centre, const struct qw_caller *caller,
                            const struct qw_device_entry *entry)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-register", .object = entry->id };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_DEVICE_REGISTER, &self);
    if (err == QW_OK) {
        err = add_entry(centre, &deed, entry, &self.officer);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_device_register(struct qw_centre *centre, const struct qw_caller *caller,
                                 const char *id, enum qw_device_kind kind, const char *owner,
                                 const char *peers)
{
    const struct qw_device_entry entry = { .id = id, .kind = kind, .owner = owner, .peers = peers };

    return qw_centre_device_add(centre, caller, &entry);
}

qw_err qw_centre_device_find(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *id, struct qw_device *device)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-find", .object = id };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_READ, &self);
    if (err == QW_OK) {
        *device = centre->card.device;
    }
    qw_centre_leave(centre);
    return err;
}

/* The device is in centre->card; approved: what becomes durable with it, or NULL. */
static qw_err change(struct qw_centre *centre, const struct qw_deed *deed,
                     enum qw_device_event event, const struct qw_request_record *approved)
{
    struct qw_card_book *book = &centre->card;
    struct qw_group group;
    enum qw_device_state next;
    uint64_t voided = 0;

    if (qw_device_next(book->device.state, event, &next) != QW_OK) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE,
                                qw_device_state_names[book->device.state]);
    }
    book->device.state = next;
    if (event != QW_DEVICE_SUSPEND) {
        book->device.is_cloned = false; /* somebody has looked */
    }
    qw_group_begin(centre, &group);
    group.books.registry++;
    if (event == QW_DEVICE_SUSPEND || event == QW_DEVICE_DESTROY) {
        qw_card_end_session(centre, &group, book); /* U5 */
    }
    if (event == QW_DEVICE_DESTROY) {
        qw_void_all_keys(centre, &group, book, &voided);
        qw_psk_drop(centre, &group, book->device.id);
        qw_charge_order_drop(centre, &group, book->device.id);
        qw_group_fail(&group, qw_destruction_begin(book)); /* C1 */
        qw_group_fail(&group, qw_unit_free_device(centre, &group, book->device.unit));
        qw_certificates_drop_device(centre, &group, &book->device);
    }
    if (approved != NULL) {
        qw_request_put(centre, &group, approved);
    }
    qw_card_book_put(centre, &group, book);
    return qw_group_commit(centre, &group, deed, qw_device_state_names[next]);
}

qw_err qw_device_destroy_approved(struct qw_centre *centre, const struct qw_deed *deed,
                                  const struct qw_request_record *request)
{
    return change(centre, deed, QW_DEVICE_DESTROY, request);
}

qw_err qw_centre_device_change(struct qw_centre *centre, const struct qw_caller *caller,
                               const char *id, enum qw_device_event event)
{
    static const struct {
        const char *verb;
        enum qw_right right;
    } rows[QW_DEVICE_EVENT_COUNT] = {
        [QW_DEVICE_SUSPEND] = { "device-suspend", QW_RIGHT_DEVICE_SUSPEND },
        [QW_DEVICE_RESUME] = { "device-resume", QW_RIGHT_DEVICE_RESUME },
        [QW_DEVICE_DESTROY] = { "device-destroy", QW_RIGHT_DEVICE_DESTROY },
    };
    struct qw_deed deed = { .caller = caller, .object = id };
    struct qw_officer_record self;
    qw_err err;

    if (event < 0 || event >= QW_DEVICE_EVENT_COUNT || rows[event].verb == NULL) {
        return QW_ERR_ARG; /* CHARGE and CONFIRM happen by charging only */
    }
    deed.verb = rows[event].verb;
    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, rows[event].right, &self);
    if (err == QW_OK && event == QW_DEVICE_DESTROY &&
        qw_approval_is_needed(centre, QW_REQUEST_DEVICE_DESTROY)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "needs two officers");
    }
    if (err == QW_OK) {
        err = change(centre, &deed, event, NULL);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}

struct amendment { /* of an application's entry */
    enum qw_right right;
    bool is_fine;      /* what it says makes sense */
    const char *peers; /* NULL: stays */
    const char *peers_unit;
    const char *home; /* NULL: stays */
    uint32_t keys_per_s;
    uint8_t weight; /* 0: it and the rate stay */
};

/* The device is in centre->card. */
static qw_err amend(struct qw_centre *centre, const struct qw_deed *deed,
                    const struct amendment *amendment, const char *detail)
{
    struct qw_card_book *book = &centre->card;
    struct qw_group group;

    if (book->device.kind != QW_DEVICE_APPLICATION || book->device.state == QW_DEVICE_DESTROYED) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "no application in service");
    }
    qw_group_begin(centre, &group);
    group.books.registry++;
    if (amendment->peers != NULL) {
        copy_text(book->device.peers, sizeof book->device.peers, amendment->peers);
        copy_text(book->device.peers_unit, sizeof book->device.peers_unit, amendment->peers_unit);
    }
    if (amendment->home != NULL) {
        copy_text(book->device.home, sizeof book->device.home, amendment->home);
    }
    if (amendment->weight != 0) {
        book->device.keys_per_s = amendment->keys_per_s;
        book->device.weight = amendment->weight;
    }
    qw_card_book_put(centre, &group, book);
    return qw_group_commit(centre, &group, deed, detail);
}

/* A partner that is not there yet is no home. */
static qw_err check_home(struct qw_centre *centre, const struct qw_deed *deed, const char *kme)
{
    qw_err err;

    if (kme[0] == '\0') {
        return QW_OK;
    }
    err = qw_card_book_load(centre, kme, &centre->holder);
    if (err == QW_ERR_NOT_FOUND || (err == QW_OK && centre->holder.device.kind != QW_DEVICE_KME)) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "no such partner");
    }
    return err;
}

/* Whoever remembers what the registry says looks again. */
static qw_err amend_and_tell(struct qw_centre *centre, const struct qw_deed *deed,
                             const struct amendment *wanted, const char *detail)
{
    struct amendment amendment = *wanted;
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, deed, amendment.right, &self);
    if (err == QW_OK && !amendment.is_fine) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK && amendment.home != NULL) {
        err = check_home(centre, deed, amendment.home);
    }
    if (err == QW_OK) {
        amendment.peers_unit = self.officer.unit;
        err = amend(centre, deed, &amendment, detail);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_device_set_peers(struct qw_centre *centre, const struct qw_caller *caller,
                                  const char *id, const char *peers)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-peers", .object = id };
    struct amendment amendment = { .right = QW_RIGHT_DEVICE_PEERS,
                                   .is_fine = qw_entry_peers_ok(id, QW_DEVICE_APPLICATION, peers),
                                   .peers = peers };

    return amend_and_tell(centre, &deed, &amendment, peers);
}

qw_err qw_centre_device_set_quota(struct qw_centre *centre, const struct qw_caller *caller,
                                  const char *id, uint32_t keys_per_s, uint8_t weight)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-quota", .object = id };
    struct amendment amendment = { .right = QW_RIGHT_DEVICE_QUOTA,
                                   .is_fine = keys_per_s <= QW_QUOTA_KEYS_PER_S_MAX &&
                                              weight >= 1 && weight <= QW_FAIR_SHARE_WEIGHT_MAX,
                                   .keys_per_s = keys_per_s,
                                   .weight = weight };
    char detail[64];

    (void)snprintf(detail, sizeof detail, "%u keys per second, weight %u", (unsigned)keys_per_s,
                   (unsigned)weight);
    return amend_and_tell(centre, &deed, &amendment, detail);
}

qw_err qw_centre_device_set_home(struct qw_centre *centre, const struct qw_caller *caller,
                                 const char *id, const char *kme)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-home", .object = id };
    struct amendment amendment = { .right = QW_RIGHT_DEVICE_HOME,
                                   .is_fine = kme[0] == '\0' || qw_device_id_ok(kme),
                                   .home = kme };

    return amend_and_tell(centre, &deed, &amendment, kme[0] != '\0' ? kme : "here");
}

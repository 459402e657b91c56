/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: registered, looked up, listed, moved from state to state [C8]. */
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/key/key_life.h"
#include "centre/key/void_keys.h"
#include "centre/pair/fair_share.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"
#include "centre/psk/psk.h"
#include "centre/record.h"

#include <stdio.h>
#include <string.h>

/* 0..63 bytes without control characters; may be UTF-8. */
static bool text_ok(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return false;
        }
    }
    return len < 64;
}

static void copy_text(char *out, size_t cap, const char *text)
{
    memset(out, 0, cap);
    memcpy(out, text, strlen(text));
}

/* Of an application: names or patterns with single commas between them, none of them its own name.
 * Of others: one text. */
static bool peers_ok(const char *id, enum qw_device_kind kind, const char *peers)
{
    char name[64];

    if (kind != QW_DEVICE_APPLICATION || peers[0] == '\0') {
        return text_ok(peers);
    }
    if (strlen(peers) >= QW_DEVICE_PEERS_CAP) {
        return false;
    }
    for (const char *at = peers;;) {
        size_t len = strcspn(at, ",");

        if (len >= sizeof name) {
            return false;
        }
        memcpy(name, at, len);
        name[len] = '\0';
        if (!qw_device_peer_ok(name) || strcmp(name, id) == 0) {
            return false;
        }
        if (at[len] == '\0') {
            return true;
        }
        at += len + 1;
    }
}

static bool id_ok(const char *id, enum qw_device_kind kind)
{
    return qw_device_id_ok(id) && !qw_device_is_pattern(id) &&
           (kind != QW_DEVICE_KME || (strlen(id) <= QW_KME_ID_MAX && strchr(id, '/') == NULL));
}

static qw_err register_device(struct qw_centre *centre, const struct qw_deed *deed,
                              const struct qw_device *device)
{
    struct qw_card_book *book = &centre->card;
    struct qw_group group;
    qw_err err = qw_card_book_load(centre, device->id, book);

    if (err == QW_OK) {
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "the device exists");
    }
    if (err != QW_ERR_NOT_FOUND) {
        return err;
    }
    qw_wipe(book, sizeof *book);
    qw_group_begin(centre, &group);
    group.books.registry++;
    book->device = *device;
    book->number = group.books.next_device++;
    qw_card_book_put(centre, &group, book);
    return qw_group_commit(centre, &group, deed, qw_device_kind_names[device->kind]);
}

qw_err qw_centre_device_register(struct qw_centre *centre, const struct qw_caller *caller,
                                 const char *id, enum qw_device_kind kind, const char *owner,
                                 const char *peers)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-register", .object = id };
    struct qw_device device = { .kind = kind, .state = QW_DEVICE_REGISTERED, .weight = 1 };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_DEVICE_REGISTER, QW_UNIT_ROOT);
    if (err == QW_OK && (kind < 0 || kind >= QW_DEVICE_KIND_COUNT || !id_ok(id, kind) ||
                         !text_ok(owner) || !peers_ok(id, kind, peers))) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        copy_text(device.id, sizeof device.id, id);
        copy_text(device.owner, sizeof device.owner, owner);
        copy_text(device.peers, sizeof device.peers, peers);
        if (kind == QW_DEVICE_APPLICATION || kind == QW_DEVICE_KME) {
            device.state = QW_DEVICE_ACTIVE;
        }
        err = register_device(centre, &deed, &device);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_device_find(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *id, struct qw_device *device)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-find", .object = id };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_DEVICE_READ, QW_UNIT_ROOT);
    if (err == QW_OK) {
        err = qw_card_book_load(centre, id, &centre->card);
    }
    if (err == QW_OK) {
        *device = centre->card.device;
    }
    qw_centre_leave(centre);
    return err;
}

struct listing {
    struct qw_centre *centre;
    struct qw_device *devices;
    size_t count;
    qw_err err;
};

static int list_device(void *self, const struct qw_store_record *record)
{
    struct listing *listing = self;
    struct qw_centre *centre = listing->centre;
    struct qw_card_book *book = &centre->card;
    size_t len = record->len - QW_RECORD_OVERHEAD;

    if (record->len < QW_RECORD_OVERHEAD || len > sizeof centre->scratch) {
        listing->err = QW_ERR_IO;
        return 0;
    }
    listing->err = qw_record_open(centre, QW_STORE_DEVICE, record, record->len, centre->scratch);
    if (listing->err == QW_OK) {
        listing->err = qw_card_book_decode(centre->scratch, len, book);
    }
    if (listing->err == QW_OK) {
        listing->devices[listing->count++] = book->device;
    }
    return listing->err == QW_OK;
}

qw_err qw_centre_device_list(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *after, struct qw_device *devices, size_t cap,
                             size_t *count)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-list", .object = after };
    struct listing listing = { .centre = centre, .devices = devices, .err = QW_OK };
    const struct qw_store *store = centre->config.store;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_DEVICE_READ, QW_UNIT_ROOT);
    if (err == QW_OK && strlen(after) >= QW_STORE_ID_MAX) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        err = store->scan(store->self, QW_STORE_DEVICE, QW_STORE_ANY_TAG, after, strlen(after), cap,
                          list_device, &listing);
    }
    qw_centre_leave(centre);
    if (err == QW_OK) {
        err = listing.err;
    }
    if (err == QW_OK) {
        *count = listing.count;
    }
    return err;
}

static qw_err change(struct qw_centre *centre, struct qw_deed *deed, enum qw_device_event event)
{
    struct qw_card_book *book = &centre->card;
    struct qw_group group;
    enum qw_device_state next;
    uint64_t voided = 0;
    qw_err err = qw_card_book_load(centre, deed->object, book);

    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no such device");
    }
    if (err != QW_OK) {
        return err;
    }
    if (qw_device_next(book->device.state, event, &next) != QW_OK) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE,
                                qw_device_state_names[book->device.state]);
    }
    book->device.state = next;
    qw_group_begin(centre, &group);
    group.books.registry++;
    if (event == QW_DEVICE_DESTROY) {
        qw_void_all_keys(centre, &group, book, &voided);
        qw_psk_drop(centre, &group, book->device.id);
    }
    qw_card_book_put(centre, &group, book);
    return qw_group_commit(centre, &group, deed, qw_device_state_names[next]);
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
    qw_err err;

    if (event < 0 || event >= QW_DEVICE_EVENT_COUNT || rows[event].verb == NULL) {
        return QW_ERR_ARG; /* CHARGE and CONFIRM happen by charging only */
    }
    deed.verb = rows[event].verb;
    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, rows[event].right, QW_UNIT_ROOT);
    if (err == QW_OK) {
        err = change(centre, &deed, event);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}

struct amendment { /* of an application's entry */
    enum qw_right right;
    bool is_fine;      /* what it says makes sense */
    const char *peers; /* NULL: stays */
    const char *home;  /* NULL: stays */
    uint32_t keys_per_s;
    uint8_t weight; /* 0: it and the rate stay */
};

static qw_err amend(struct qw_centre *centre, const struct qw_deed *deed,
                    const struct amendment *amendment, const char *detail)
{
    struct qw_card_book *book = &centre->card;
    struct qw_group group;
    qw_err err = qw_card_book_load(centre, deed->object, book);

    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no such device");
    }
    if (err != QW_OK) {
        return err;
    }
    if (book->device.kind != QW_DEVICE_APPLICATION || book->device.state == QW_DEVICE_DESTROYED) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "no application in service");
    }
    qw_group_begin(centre, &group);
    group.books.registry++;
    if (amendment->peers != NULL) {
        copy_text(book->device.peers, sizeof book->device.peers, amendment->peers);
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

/* Whoever remembers what the registry says looks again. */
static qw_err amend_and_tell(struct qw_centre *centre, const struct qw_deed *deed,
                             const struct amendment *amendment, const char *detail)
{
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, deed, amendment->right, QW_UNIT_ROOT);
    if (err == QW_OK && !amendment->is_fine) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        err = amend(centre, deed, amendment, detail);
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
                                   .is_fine = peers_ok(id, QW_DEVICE_APPLICATION, peers),
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

/* Under the mutex, like all that amend does: a partner that is not there yet is no home. */
static qw_err move_home(struct qw_centre *centre, const struct qw_deed *deed,
                        const struct amendment *amendment)
{
    const struct qw_device *device = &centre->card.device;

    if (amendment->home[0] != '\0') {
        qw_err err = qw_card_book_load(centre, amendment->home, &centre->card);

        if (err == QW_ERR_NOT_FOUND || (err == QW_OK && device->kind != QW_DEVICE_KME)) {
            return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "no such partner");
        }
        if (err != QW_OK) {
            return err;
        }
    }
    return amend(centre, deed, amendment, amendment->home[0] != '\0' ? amendment->home : "here");
}

qw_err qw_centre_device_set_home(struct qw_centre *centre, const struct qw_caller *caller,
                                 const char *id, const char *kme)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-home", .object = id };
    struct amendment amendment = { .home = kme };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_DEVICE_HOME, QW_UNIT_ROOT);
    if (err == QW_OK && kme[0] != '\0' && !qw_device_id_ok(kme)) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        err = move_home(centre, &deed, &amendment);
    }
    atomic_fetch_add(&centre->registry_changes, 1);
    qw_centre_leave(centre);
    return err;
}

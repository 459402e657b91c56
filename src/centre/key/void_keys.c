/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/void_keys.h"

#include "api/card_keys.h"
#include "base/secret.h"
#include "centre/device/fusion.h"
#include "centre/device/package_record.h"
#include "centre/key/key_record.h"

void qw_void_key(struct qw_centre *centre, struct qw_group *group, const uint8_t id[static 16],
                 uint64_t *voided)
{
    struct qw_key_record key;
    qw_err err = qw_key_record_load(centre, id, &key);

    if (err == QW_ERR_NOT_FOUND) {
        return; /* destroyed */
    }
    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    if (qw_key_next(key.state, QW_KEY_VOID, key.state, &key.state) != QW_OK) {
        return; /* voided before */
    }
    key.due_ms = 0; /* at once */
    qw_key_record_put(centre, group, &key);
    (*voided)++;
}

void qw_void_package_keys(struct qw_centre *centre, struct qw_group *group,
                          const struct qw_card_book *book, const uint8_t package_id[static 16],
                          uint64_t *voided)
{
    struct qw_package_record package;
    struct qw_card_keys keys = { 0 };
    uint8_t id[16];
    qw_err err = qw_package_record_load(centre, package_id, &package, NULL);

    if (err == QW_OK) {
        err = qw_fusion_keys(book, &keys);
    }
    for (uint16_t i = 0; err == QW_OK && i < package.key_count; i++) {
        err = qw_package_key_id(keys.id, package.id, i, id);
        if (err == QW_OK) {
            qw_void_key(centre, group, id, voided);
            err = group->err;
        }
    }
    qw_wipe(&keys, sizeof keys);
    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    package.state = QW_PACKAGE_VOIDED;
    package.pool_up_len = 0;
    package.pool_down_len = 0;
    package.sealed_len = 0;
    qw_package_record_put(centre, group, &package, NULL);
}

struct voiding {
    struct qw_centre *centre;
    struct qw_group *group;
    const struct qw_card_book *book;
    uint64_t *voided;
};

static qw_err void_package(void *self, const uint8_t id[static 16])
{
    struct voiding *voiding = self;

    qw_void_package_keys(voiding->centre, voiding->group, voiding->book, id, voiding->voided);
    return voiding->group->err;
}

void qw_void_all_keys(struct qw_centre *centre, struct qw_group *group, struct qw_card_book *book,
                      uint64_t *voided)
{
    struct voiding voiding = { .centre = centre, .group = group, .book = book, .voided = voided };

    qw_group_fail(group, qw_package_record_walk(centre, book->number, void_package, &voiding));
    book->has_pending = false;
    qw_wipe(&book->up, sizeof book->up); /* nobody will need them */
    qw_wipe(&book->down, sizeof book->down);
}

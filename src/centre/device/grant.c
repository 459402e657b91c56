/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/device/grant.h"

#include "api/card_keys.h"
#include "base/secret.h"

#include <string.h>

/* Spends one session's bytes at max(centre's position, card's position) and gives up all before. */
static qw_err spend(struct qw_pool *pool, uint64_t card_position, uint64_t *position,
                    uint8_t out[static QW_LINK_GRANT_AUTH_LEN])
{
    uint64_t at = card_position > pool->position ? card_position : pool->position;
    uint64_t end = pool->position + pool->len;
    size_t skip;
    size_t left;

    if (at > end || end - at < QW_LINK_GRANT_AUTH_LEN) {
        return QW_ERR_EXHAUSTED;
    }
    skip = (size_t)(at - pool->position);
    left = pool->len - skip - QW_LINK_GRANT_AUTH_LEN;
    memcpy(out, pool->bytes + skip, QW_LINK_GRANT_AUTH_LEN);
    memmove(pool->bytes, pool->bytes + skip + QW_LINK_GRANT_AUTH_LEN, left);
    qw_wipe(pool->bytes + left, pool->len - left);
    pool->position = at + QW_LINK_GRANT_AUTH_LEN;
    pool->len = (uint16_t)left;
    *position = at;
    return QW_OK;
}

qw_err qw_grant_make(struct qw_centre *centre, const uint8_t session_id[static 16],
                     const struct qw_contact_report *report, uint8_t out[static QW_LINK_GRANT_LEN])
{
    struct qw_card_book *card = &centre->card;
    struct qw_link_grant grant = { 0 };
    struct qw_card_keys keys = { 0 };
    qw_err err = spend(&card->up, report->pool_up_position, &grant.up_position, grant.up);

    memcpy(grant.session_id, session_id, sizeof grant.session_id);
    if (err == QW_OK) {
        err = spend(&card->down, report->pool_down_position, &grant.down_position, grant.down);
    }
    if (err == QW_OK) {
        err = qw_card_keys_derive(centre->holder.card_key, &keys);
    }
    if (err == QW_OK) {
        err = qw_link_grant_seal(&grant, keys.wrap, out);
    }
    qw_wipe(&keys, sizeof keys);
    qw_wipe(&grant, sizeof grant);
    return err;
}

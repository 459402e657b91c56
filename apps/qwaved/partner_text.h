/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_PARTNER_TEXT_H
#define QWAVED_PARTNER_TEXT_H

#include "api/etsi020/message.h"
#include "api/http_server.h"
#include "centre/partner/partner.h"
#include "source/link_pads.h"

/* What a partner is sent, as JSON [docs/protocol/etsi020.md]. own_url: of our listener. */
enum { PARTNER_VOID_TEXT_CAP = 16 * 1024 };

struct partner_keys_text { /* one piece of secret memory */
    struct qw_etsi020_ext_keys message;
    char json[QW_HTTP_BODY_MAX];
};

/* pads: of the link to the partner, NULL for none; label: of the block they were drawn from.
 * QW_ERR_EXHAUSTED: too few of them; QW_ERR_SPACE. */
qw_err partner_text_keys(const char *own_url, const struct qw_partner_order *order,
                         struct link_pads *pads, struct partner_keys_text *text,
                         struct qw_handover_label *label) QW_MUST_USE;

/* QW_ERR_SPACE. */
qw_err partner_text_void(const char *own_url, const struct qw_partner_order *order,
                         char text[static PARTNER_VOID_TEXT_CAP]) QW_MUST_USE;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_PARTNERS_H
#define QWAVED_PARTNERS_H

#include "api/etsi020/message.h"
#include "base/log.h"
#include "centre/partner/partner.h"
#include "partner_files.h"
#include "settings.h"
#include "source/link_pads.h"

/* The way to other centres [docs/protocol/etsi020.md]: a file for each in the folder of partners,
 * with its address and the certificate that it gave us. Implements struct qw_partner_port; sends
 * acknowledgements, each partner's by a thread of its own, so that one that is away holds up nobody
 * else. */
struct partners;

/* Reads the folder. Nothing, *partners NULL, when the settings say so. QW_ERR_FORMAT,
 * QW_ERR_NOT_FOUND with a sentence in error. own_url: without it the acknowledgements' address is
 * known only by partners_start. */
qw_err partners_open(const struct settings *settings, const struct qw_log *log,
                     struct partners **partners,
                     char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;
/* Starts the threads; port: where our own listener for partners is. */
qw_err partners_start(struct partners *partners, struct qw_centre *centre,
                      uint16_t port) QW_MUST_USE;
void partners_stop(struct partners *partners);  /* ends the threads; NULL is fine */
void partners_close(struct partners *partners); /* NULL is fine */

const struct qw_partner_port *partners_port(const struct partners *partners);

/* Between this partner and us keys go under one-time pads of the link between us, both ways, and
 * never otherwise. Borrows pads; before partners_start. QW_ERR_NOT_FOUND: no such partner. */
qw_err partners_use_pads(struct partners *partners, const char *partner,
                         struct link_pads *pads) QW_MUST_USE;
struct link_pads *partners_pads(const struct partners *partners,
                                const char *partner); /* NULL: none */

/* A reload, while everything runs: _prepare says whether there is room, QW_ERR_FORMAT with a
 * sentence in error; _replace makes the list hold. Who is not in it is no partner any more, what it
 * was sent stays in its offers. Connections are made anew, with the files as they are now. One
 * thread. */
qw_err partners_prepare(struct partners *partners, const struct partner_list *list,
                        char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;
void partners_replace(struct partners *partners, const struct partner_list *list);

/* The partner called so, by its place from 0 on, and whether it answered when it was sent something
 * last; false: there are no more. */
bool partners_look(const struct partners *partners, size_t index, const char **id, bool *is_away);

/* Whether an acknowledgement may go there: below the partner's own URL. */
bool partners_may_call(const struct partners *partners, const char *partner, const char *url);
/* Will be sent soon, once; who waits for it in vain asks again. QW_ERR_LIMIT: too many wait. */
qw_err partners_acknowledge(struct partners *partners, const char *partner, const char *url,
                            const struct qw_etsi020_ack *acks, size_t count) QW_MUST_USE;

#endif

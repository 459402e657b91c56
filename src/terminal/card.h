/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_H
#define QW_TERMINAL_CARD_H

#include "api/card_keys.h"
#include "api/contact.h"
#include "api/destruction.h"
#include "api/link_grant.h"
#include "api/package.h"
#include "base/error.h"
#include "crypto/password_key.h"
#include "terminal/tombstone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The card: the key medium of a terminal, and the link key of an access point or charging station
 * [W6 W8 A4]. Its name says where it is kept (terminal/card_name.h): in an encrypted file or on a
 * PKCS#11 token; its secret is the passphrase of the one, the PIN of the other. Its contents live
 * in secret memory while it is open. Every change is durable before its effect leaves: a key is
 * gone from the card before the caller gets it, a pool position is given up before a pad byte is
 * used. Layouts: docs/protocol/card-file.md, card-token.md, card-apdu.md. One process at a time
 * (QW_ERR_CONFLICT). Safe from several threads. */
struct qw_card;

struct qw_card_info {
    char owner[64];
    uint8_t serial[16];
    uint32_t epoch;
    uint32_t remaining_keys;
    uint64_t used_keys;
    uint64_t next_index;                   /* of the next key it will accept from a package */
    uint64_t pool_up_left, pool_down_left; /* bytes */
};

/* Makes a card from a BIRTH package that was opened with the station's wrap key. QW_ERR_CONFLICT
 * when there is one, QW_ERR_ARG when it is no BIRTH package, QW_ERR_SPACE when the token has no
 * room; else as qw_card_open. */
qw_err qw_card_create(const char *name, const uint8_t *secret, size_t secret_len,
                      const struct qw_package *birth) QW_MUST_USE;
/* The same with a passphrase cost of the caller's choice, for small devices and for tests. */
qw_err qw_card_create_at_cost(const char *name, struct qw_password_cost cost, const uint8_t *secret,
                              size_t secret_len, const struct qw_package *birth) QW_MUST_USE;
/* QW_ERR_AUTH: wrong passphrase or altered file; wrong PIN, which the token counts.
 * QW_ERR_REFUSED: the PIN is locked, or a key of the token could be read out. QW_ERR_UNAVAILABLE:
 * no module, or one without AES-GCM. QW_ERR_CONFLICT: in use, or several tokens have the name.
 * QW_ERR_STATE: it was destroyed by order of its centre (terminal/tombstone.h); one that was being
 * destroyed when its process ended is so now. QW_ERR_NOT_FOUND, QW_ERR_FORMAT (of the name, too),
 * QW_ERR_IO, QW_ERR_NOMEM (also: not enough locked memory). */
qw_err qw_card_open(const char *name, const uint8_t *secret, size_t secret_len,
                    struct qw_card **card) QW_MUST_USE;
void qw_card_close(struct qw_card *card); /* wipes; NULL is fine */

void qw_card_info(struct qw_card *card, struct qw_card_info *info);
/* Next key in index order and its id; QW_ERR_EXHAUSTED. */
qw_err qw_card_take_key(struct qw_card *card, uint8_t key_id[static 16],
                        uint8_t key[static 32]) QW_MUST_USE;

/* Report for the next contact, with the counter already durable. */
qw_err qw_card_report(struct qw_card *card, bool wants_fresh, uint32_t wanted_keys,
                      uint8_t out[static QW_CONTACT_REPORT_LEN]) QW_MUST_USE;

/* Pool bytes of one radio session at the granted absolute positions; everything before them is
 * given up. Signature of qw_plkg_terminal.take_auth, self is the card. */
qw_err qw_card_take_auth(void *card, uint64_t up_position, uint64_t down_position,
                         uint8_t up[static 64], uint8_t down[static 64]) QW_MUST_USE;

/* Takes a sealed CHARGE, REFILL or FRESH package: checks serial, epoch, index, positions, time and
 * that it is new; stores everything; then makes the receipt. The same package again gives the same
 * receipt and stores nothing. A FRESH package hands its key out instead of storing it when fresh_id
 * and fresh_key are given; with NULL its key joins the stock (nobody waits for it any more).
 * *fresh_id is all zero (never an id) when no key was handed out: another kind, or a repetition.
 * QW_ERR_AUTH (not for this card, or altered), QW_ERR_CONFLICT (not the next one, or too late),
 * QW_ERR_SPACE (the card is full), QW_ERR_FORMAT, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_card_take_package(struct qw_card *card, const uint8_t *sealed, size_t len,
                            uint8_t receipt[static QW_RECEIPT_LEN], uint8_t fresh_id[16],
                            uint8_t fresh_key[32]) QW_MUST_USE;

/* The receipt of the package taken last, BIRTH included: what a charging station shows the centre.
 */
qw_err qw_card_receipt(struct qw_card *card, uint8_t receipt[static QW_RECEIPT_LEN]) QW_MUST_USE;

/* What a key proves, and for whom: the next key as above, of which only the root leaves. */
struct qw_card_taken_root { /* has a secret: in the caller's hands, wiped by him */
    uint8_t serial[16];
    uint32_t epoch;
    uint8_t key_id[16];
    uint8_t root[QW_CARD_ROOT_LEN];
};
qw_err qw_card_take_root(struct qw_card *card, struct qw_card_taken_root *taken) QW_MUST_USE;
/* Of files that wait beside the card for an answer: of this card alone, until it is fused. */
qw_err qw_card_pending_key(struct qw_card *card, uint8_t key[static 32]) QW_MUST_USE;
/* Whether an enrolment's ANSWER is of this card's centre. QW_ERR_AUTH, QW_ERR_FORMAT. */
qw_err qw_card_check_enrolment(struct qw_card *card, const uint8_t *answer, size_t len) QW_MUST_USE;

/* What the centre sends to the holder of the card, an access point or a charging station
 * [docs/protocol/refill.md R3 R6, charging.md S1]. QW_ERR_FORMAT; QW_ERR_AUTH: not for this card.
 * outer takes the outer seal off a package, which stays sealed for its own card; package: at least
 * len bytes. birth: wiped with qw_package_wipe; QW_ERR_FORMAT for a package of another kind. */
qw_err qw_card_open_grant(struct qw_card *card, const uint8_t *sealed, size_t len,
                          struct qw_link_grant *grant) QW_MUST_USE;
qw_err qw_card_open_outer(struct qw_card *card, const uint8_t session_id[static 16],
                          const uint8_t *sealed, size_t len, uint8_t *package) QW_MUST_USE;
qw_err qw_card_open_birth(struct qw_card *card, const uint8_t *sealed, size_t len,
                          struct qw_package *birth) QW_MUST_USE;

/* Carries out the centre's order to destroy the card: file overwritten, tombstone with the proof in
 * its place, memory wiped. From then on every change is QW_ERR_STATE. QW_ERR_FORMAT, QW_ERR_AUTH:
 * no order for this card, nothing has changed. QW_ERR_IO: the card is out of memory, the next
 * opening goes on with the file. [docs/protocol/card-destroy.md K2-K5] */
qw_err qw_card_destroy(struct qw_card *card, const uint8_t *order, size_t len) QW_MUST_USE;

/* Of a card that is not open; the secret of a file is not looked at. Whether there is one, or what
 * is left of it. Errors of qw_card_open. */
qw_err qw_card_exists(const char *name, const uint8_t *secret, size_t secret_len,
                      bool *does) QW_MUST_USE;
/* QW_ERR_NOT_FOUND: it was not destroyed, or there is none. */
qw_err qw_card_tombstone(const char *name, const uint8_t *secret, size_t secret_len,
                         struct qw_tombstone *tombstone) QW_MUST_USE;
/* K7: takes the centre's DONE for this tombstone and remembers it, durably. QW_ERR_FORMAT,
 * QW_ERR_AUTH: it is not for this one. QW_ERR_IO. */
qw_err qw_card_book(const char *name, const uint8_t *secret, size_t secret_len,
                    struct qw_tombstone *tombstone, const uint8_t *done, size_t len) QW_MUST_USE;

#endif

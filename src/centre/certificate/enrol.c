/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate for a card's key [C4]; E1 to E7 of docs/protocol/enrolment.md. */
#include "api/certificate/enrolment.h"

#include "api/certificate/authority.h"
#include "base/clock.h"
#include "base/secret.h"
#include "centre/certificate/issue.h"
#include "centre/certificate/register.h"
#include "centre/device/card_book.h"
#include "centre/device/card_key.h"

#include <string.h>

enum { AGAIN_MS = 600000 }; /* a lost answer is given again so long */

struct enrol { /* one call */
    const uint8_t *data;
    size_t len;
    struct qw_deed *deed;
    struct qw_enrolment enrolment;
    struct qw_card_keys keys; /* a secret */
    struct qw_signing_request asked;
    struct qw_certificate_subject subject;
    struct qw_certificate_made made;
};

static qw_err refuse(struct qw_centre *centre, const struct enrol *e, const char *cause)
{
    return qw_centre_refuse(centre, e->deed, QW_ERR_REFUSED, cause);
}

/* E2 */
static qw_err find_card(struct qw_centre *centre, struct enrol *e)
{
    const struct qw_card_book *card = &centre->card;
    qw_err err = qw_card_book_load_by_serial(centre, e->enrolment.serial, &centre->card);

    if (err == QW_ERR_NOT_FOUND) {
        return refuse(centre, e, "unknown card");
    }
    if (err != QW_OK) {
        return err;
    }
    if (!card->is_confirmed || card->device.epoch != e->enrolment.epoch) {
        return refuse(centre, e, "another epoch, or a card that was never confirmed");
    }
    if (card->device.state != QW_DEVICE_ACTIVE && card->device.state != QW_DEVICE_CHARGED) {
        return refuse(centre, e, qw_device_state_names[card->device.state]);
    }
    if (!qw_certificate_subject_is(&e->subject, card->device.kind) ||
        strcmp(e->subject.id, card->device.id) != 0) {
        return refuse(centre, e, "the name of another");
    }
    return qw_card_keys_derive(card->card_key, &e->keys);
}

/* E6: the same request again. What is given was given before, and its request is proved. */
static qw_err find_made_before(struct qw_centre *centre, struct enrol *e)
{
    struct qw_certificate_name name;
    qw_err err = qw_certificate_name_load(centre, e->subject.name, &name);

    for (size_t i = 0; i < name.count && err == QW_OK; i++) {
        struct qw_certificate_record record;
        const unsigned char *at = record.entry.made.der;
        X509 *certificate;
        bool is_same;

        err = qw_certificate_record_load(centre, name.serials[i], &record);
        if (err != QW_OK) {
            return err;
        }
        certificate = d2i_X509(NULL, &at, (long)record.entry.made.len);
        is_same = certificate != NULL && !record.entry.is_revoked &&
                  qw_clock_utc_ms() - record.entry.issued_ms < AGAIN_MS &&
                  EVP_PKEY_eq(X509_get0_pubkey(certificate), e->asked.key) == 1;
        X509_free(certificate);
        if (is_same) {
            e->made = record.entry.made;
            return QW_OK;
        }
    }
    return err == QW_OK ? QW_ERR_NOT_FOUND : err;
}

/* E3 */
static qw_err take_key(struct qw_centre *centre, const struct enrol *e,
                       struct qw_key_record *record, uint8_t key[static QW_KEY_LEN])
{
    const char *why = "";
    qw_err err =
        qw_card_key_load(centre, centre->card.device.id, e->enrolment.key_id, record, key, &why);

    return err == QW_ERR_REFUSED ? refuse(centre, e, why) : err;
}

/* E3, E4, E5 */
static qw_err issue(struct qw_centre *centre, struct enrol *e)
{
    struct qw_certificate_order order = {
        .deed = e->deed, .asked = &e->asked, .subject = &e->subject, .made = &e->made
    };
    struct qw_key_record record;
    struct qw_group group;
    uint8_t key[QW_KEY_LEN], root[QW_CARD_ROOT_LEN];
    qw_err err = take_key(centre, e, &record, key);

    if (err == QW_OK) {
        err = qw_card_root(e->keys.report, key, root);
    }
    if (err == QW_OK) {
        err = qw_enrolment_check(e->data, e->len, root);
        if (err == QW_ERR_AUTH) {
            err = refuse(centre, e, "forged: wrong key");
        }
    }
    qw_wipe(key, sizeof key);
    qw_wipe(root, sizeof root);
    if (err != QW_OK) {
        return err;
    }
    memcpy(order.unit, centre->card.device.unit, sizeof order.unit);
    qw_group_begin(centre, &group);
    qw_card_key_use_up(centre, &group, &record); /* E5 */
    return qw_certificate_carry_out(centre, &order, &group, &e->made);
}

static qw_err answer(struct qw_centre *centre, const struct enrol *e, uint8_t *out, size_t *len)
{
    struct qw_enrolment_answer a = { .certificate = "" };
    struct qw_certificate_made authority;
    qw_err err =
        qw_certificate_describe(centre->authorities[e->asked.profile]->certificate, &authority);

    memcpy(a.serial, e->enrolment.serial, sizeof a.serial);
    memcpy(a.nonce, e->enrolment.nonce, sizeof a.nonce);
    if (err == QW_OK) {
        err = qw_certificate_pem(e->made.der, e->made.len, a.certificate);
    }
    if (err == QW_OK) {
        err = qw_certificate_pem(authority.der, authority.len, a.authority);
    }
    return err == QW_OK ? qw_enrolment_answer_seal(&a, e->keys.report, out, len) : err;
}

static qw_err work(struct qw_centre *centre, struct enrol *e, uint8_t *out, size_t *len)
{
    qw_err err = find_card(centre, e);

    if (err == QW_OK) {
        err = find_made_before(centre, e);
        if (err == QW_ERR_NOT_FOUND) {
            err = issue(centre, e);
        }
    }
    return err == QW_OK ? answer(centre, e, out, len) : err;
}

qw_err qw_centre_enrol(struct qw_centre *centre, const uint8_t *data, size_t len, uint8_t *out,
                       size_t *out_len)
{
    struct qw_deed deed = { .verb = "certificate-enrol", .object = "" };
    struct enrol e = { .data = data, .len = len, .deed = &deed };
    const char *why = "malformed";
    qw_err err = qw_enrolment_read(data, len, &e.enrolment);

    if (err == QW_OK) {
        err = qw_signing_request_read(e.enrolment.request, strlen(e.enrolment.request), &e.asked,
                                      &why);
    }
    if (err == QW_OK) {
        why = "a name that is nobody's";
        err = qw_certificate_subject_parse(centre, e.asked.uri, &e.subject);
    }
    deed.object = e.asked.uri;
    qw_centre_enter(centre);
    err = err == QW_OK ? work(centre, &e, out, out_len) : refuse(centre, &e, why);
    qw_centre_leave(centre);
    qw_signing_request_free(&e.asked);
    qw_wipe(&e.keys, sizeof e.keys);
    return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_OPERATOR_H
#define QWAVE_OPERATOR_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An operator at a charging station, as described by the operator.yaml that `qwave init` writes: a
 * client certificate for the centre's REST interface, and the station's own card. */
struct operator_desk;

enum { OPERATOR_ERROR_CAP = 512 };

/* url replaces the one in the file when not NULL. error says what is wrong in one sentence.
 * QW_ERR_ARG: the file is not there, or what it says is wrong. */
qw_err operator_open(const char *path, const char *url, struct operator_desk **desk,
                     char error[static OPERATOR_ERROR_CAP]) QW_MUST_USE;
void operator_close(struct operator_desk *desk); /* NULL is fine */

/* Any call of the interface; the answer is valid until the next call. A status of 400 or more is an
 * error, its message is in operator_message. */
qw_err operator_call(struct operator_desk *desk, const char *method, const char *path,
                     const char *body, const char **answer) QW_MUST_USE;
/* The same on a device: action is "" or begins with '/'. */
qw_err operator_device_call(struct operator_desk *desk, const char *method, const char *id,
                            const char *action, const char *body, const char **answer) QW_MUST_USE;
const char *operator_message(const struct operator_desk *desk);
/* In its place, for what was found out here: printed as the centre's would be. */
void operator_say(struct operator_desk *desk, const char *message);

/* NULL: is not said; a unit that is not said is the officer's own. */
struct operator_device {
    const char *id, *kind, *owner, *peer, *unit;
};
qw_err operator_device_add(struct operator_desk *desk,
                           const struct operator_device *device) QW_MUST_USE;

/* Charges the card of a device [W8], by its name (terminal/card_name.h): a new card when there is
 * none (BIRTH), else the one that is there (CHARGE). Confirms to the centre with the card's
 * receipt; a birth that was interrupted before that is confirmed now, and no more. */
qw_err operator_charge(struct operator_desk *desk, const char *device_id, uint32_t keys,
                       const char *card, const char *passphrase_path) QW_MUST_USE;

/* How many keys somebody has ordered for the device at this station, from the console.
 * QW_ERR_NOT_FOUND: none; QW_ERR_CONFLICT: at another station. */
qw_err operator_ordered_keys(struct operator_desk *desk, const char *device_id,
                             uint32_t *keys) QW_MUST_USE;

/* Has the card of a destroyed device erased by the centre's order, and brings the proof to the
 * centre; one that was erased before brings its proof again. QW_ERR_CONFLICT: there is no order;
 * QW_ERR_AUTH: it is for another card. */
qw_err operator_destroy_card(struct operator_desk *desk, const char *device_id, const char *card,
                             const char *passphrase_path) QW_MUST_USE;

/* Certificate for "ap", "sae", "kme", "terminal", "officer" or "operator" number id: the key is
 * made here and stays here, the centre signs. A desk with the authority's key in a file (ca_key)
 * signs itself. */
qw_err operator_enrol(struct operator_desk *desk, const char *role, const char *id,
                      const char *certificate_path, const char *key_path) QW_MUST_USE;

struct operator_certificate { /* paths are of files to make */
    const char *name;         /* urn:qwave:... */
    const char *profile;      /* "p256", "sm2", "ed25519" */
    const char *const *hosts; /* of the centre itself; else none */
    size_t host_count;
    bool is_renewal;
    const char *certificate_path, *key_path;
};
/* The same with all its choices. QW_ERR_ARG, QW_ERR_CONFLICT: a file is there. */
qw_err operator_certificate_get(struct operator_desk *desk,
                                const struct operator_certificate *wanted) QW_MUST_USE;
/* A new key and certificate for the holder of the certificate in a file, which stays in force. Of
 * renewed only the paths and the hosts are looked at. */
qw_err operator_certificate_renew(struct operator_desk *desk, const char *old_path,
                                  const struct operator_certificate *renewed) QW_MUST_USE;
/* Signs the request in a file. */
qw_err operator_certificate_sign(struct operator_desk *desk, const char *request_path,
                                 const char *certificate_path) QW_MUST_USE;
/* What the register says about the certificate in a file, or with a serial number in hex. */
qw_err operator_certificate_show(struct operator_desk *desk, const char *certificate,
                                 const char **answer) QW_MUST_USE;
/* Takes back the certificate in a file, or by its serial number in hex. */
qw_err operator_revoke(struct operator_desk *desk, const char *certificate) QW_MUST_USE;

struct operator_station { /* this charging station */
    const char *id, *card, *passphrase_file;
};
struct operator_station operator_station(const struct operator_desk *desk);

struct operator_files { /* of a desk whose authority is in files; "": none */
    const char *ca, *ca_key, *revocation_list;
};
struct operator_files operator_files(const struct operator_desk *desk);
void operator_explain(struct operator_desk *desk, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

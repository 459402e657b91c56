/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_OPERATOR_H
#define QWAVE_OPERATOR_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* An operator at a charging station, as described by the operator.yaml that `qwave init` writes: a
 * client certificate for the centre's REST interface, the station's own card, and (where the
 * centre's folder is at hand) the certificate authority. */
struct operator_desk;

enum { OPERATOR_ERROR_CAP = 512 };

/* url replaces the one in the file when not NULL. error says what is wrong in one sentence. */
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

/* Charges the card of a device [W8]: a new card file when card_path does not exist (BIRTH), else
 * the card that is there (CHARGE). Confirms to the centre with the card's receipt. */
qw_err operator_charge(struct operator_desk *desk, const char *device_id, uint32_t keys,
                       const char *card_path, const char *passphrase_path) QW_MUST_USE;

/* Client certificate for "ap", "sae" or "operator" number id, from the authority in the centre's
 * folder. */
qw_err operator_enrol(struct operator_desk *desk, const char *role, const char *id,
                      const char *certificate_path, const char *key_path) QW_MUST_USE;
/* Takes a certificate of that authority back, on the list that the centre watches. */
qw_err operator_revoke(struct operator_desk *desk, const char *certificate_path) QW_MUST_USE;

#endif

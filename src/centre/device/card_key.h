/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_CARD_KEY_H
#define QW_CENTRE_DEVICE_CARD_KEY_H

#include "centre/key/key_record.h"

/* One key of a card as a proof of who has the card: it counts once, and only while nobody else can
 * know it. Under the mutex. */

/* The key of 256 bits that the card of device has under id; its material to key [32 bytes], a
 * secret. QW_ERR_REFUSED, with *why, static text: there is none, or somebody else may know it. Uses
 * scratch and block. */
qw_err qw_card_key_load(struct qw_centre *centre, const char *device, const uint8_t id[static 16],
                        struct qw_key_record *record, uint8_t key[static QW_KEY_LEN],
                        const char **why) QW_MUST_USE;
/* With the group nobody gets the key any more, and the next sweep destroys it. */
void qw_card_key_use_up(struct qw_centre *centre, struct qw_group *group,
                        struct qw_key_record *record);

#endif

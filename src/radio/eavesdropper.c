/* SPDX-License-Identifier: Apache-2.0 */
/* What she hears and keeps of a session; what she makes of it: eavesdropper_attack.c. */
#include "radio/eavesdropper.h"

#include "crypto/one_time_mac.h"
#include "radio/eavesdropper_inside.h"
#include "radio/plkg/open.h"
#include "radio/plkg/session.h"

#include <stdlib.h>
#include <string.h>

static void forget(struct qw_heard *heard)
{
    free(heard->body);
    *heard = (struct qw_heard){ 0 };
}

static void keep(struct qw_heard *heard, const uint8_t *body, size_t len)
{
    uint8_t *copy = malloc(len + 1);

    if (copy == NULL) {
        return; /* a listener short of memory has heard less */
    }
    memcpy(copy, body, len);
    free(heard->body);
    *heard = (struct qw_heard){ copy, len };
}

static void begin_session(struct qw_eavesdropper *eve)
{
    for (size_t s = 0; s < QW_HEARD_SOURCES; s++) {
        qw_feature_set_free(eve->set[s]);
        eve->set[s] = NULL;
    }
    for (size_t i = 0; i < eve->more_count; i++) {
        forget(&eve->more[i]);
    }
    for (size_t i = 0; i < eve->frame_count; i++) {
        forget(&eve->frame[i]);
    }
    forget(&eve->syndrome);
    forget(&eve->amplify);
    free(eve->data);
    memset(eve, 0, sizeof *eve);
}

qw_err qw_eavesdropper_new(struct qw_eavesdropper **eavesdropper)
{
    struct qw_eavesdropper *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    *eavesdropper = made;
    return QW_OK;
}

void qw_eavesdropper_free(struct qw_eavesdropper *eavesdropper)
{
    if (eavesdropper != NULL) {
        begin_session(eavesdropper);
        free(eavesdropper);
    }
}

void qw_eavesdropper_hear_probe(struct qw_eavesdropper *eavesdropper,
                                const struct qw_air_probe *probe)
{
    const struct qw_csi_frame *frame[QW_HEARD_SOURCES] = { &probe->from_access_point,
                                                           &probe->from_terminal };
    bool is_heard[QW_HEARD_SOURCES] = { probe->heard_access_point, probe->heard_terminal };

    for (size_t s = 0; s < QW_HEARD_SOURCES; s++) {
        qw_err err = QW_OK;

        if (eavesdropper->set[s] != NULL && is_heard[s]) {
            err = qw_feature_set_put(eavesdropper->set[s], probe->sequence, frame[s],
                                     eavesdropper->has_phase);
        }
        (void)err; /* what does not fit was not heard */
    }
}

static void hear_ack(struct qw_eavesdropper *eve, const uint8_t *body, size_t len)
{
    struct qw_plkg_open_ack ack;

    if (qw_plkg_open_ack_decode(body, len, &ack) != QW_OK) {
        return;
    }
    eve->has_phase = ack.has_phase;
    for (size_t s = 0; s < QW_HEARD_SOURCES; s++) {
        qw_feature_set_free(eve->set[s]);
        eve->set[s] = NULL;
        if (qw_feature_set_new(ack.probes, &eve->set[s]) != QW_OK) {
            eve->set[s] = NULL;
        } else { /* where the terminal is, she hears the access point as the terminal does */
            eve->set[s]->is_transposed = s == QW_HEARD_ACCESS_POINT;
        }
    }
}

static void hear_pairs(struct qw_eavesdropper *eve, bool from_terminal, const uint8_t *body,
                       size_t len)
{
    struct qw_plkg_pairs *pairs = from_terminal ? &eve->terminal_pairs : &eve->access_point_pairs;

    if (qw_plkg_pairs_decode(body, len, pairs) != QW_OK) {
        pairs->probes = 0;
    }
}

static void hear_data(struct qw_eavesdropper *eve, const uint8_t *body, size_t len)
{
    if (len >= QW_PLKG_DATA_HEAD_LEN + QW_ONE_TIME_MAC_LEN && body[1] == 0 &&
        eve->frame_count < QW_HEARD_FRAMES_MAX) {
        keep(&eve->frame[eve->frame_count], body + QW_PLKG_DATA_HEAD_LEN,
             len - QW_PLKG_DATA_HEAD_LEN - QW_ONE_TIME_MAC_LEN);
        eve->frame_count++;
    }
}

void qw_eavesdropper_hear_message(struct qw_eavesdropper *eavesdropper, bool from_terminal,
                                  const uint8_t *message, size_t len)
{
    struct qw_eavesdropper *eve = eavesdropper;
    const uint8_t *body = message + QW_PLKG_HEADER_LEN;
    struct qw_plkg_header header;
    struct qw_plkg_decoded decoded;

    if (qw_plkg_header_decode(message, len, &header) != QW_OK) {
        return;
    }
    switch (header.type) {
    case QW_PLKG_OPEN:
        begin_session(eve);
        break;
    case QW_PLKG_OPEN_ACK:
        hear_ack(eve, body, header.len);
        break;
    case QW_PLKG_PAIRS:
        hear_pairs(eve, from_terminal, body, header.len);
        break;
    case QW_PLKG_ESTIMATE:
        if (!from_terminal) {
            eve->has_estimate = qw_plkg_estimate_decode(body, header.len, &eve->estimate) == QW_OK;
        }
        break;
    case QW_PLKG_SYNDROME:
        keep(&eve->syndrome, body, header.len);
        break;
    case QW_PLKG_DECODED:
        if (qw_plkg_decoded_decode(body, header.len, &decoded) == QW_OK && decoded.wants_more) {
            eve->wanted = decoded.level;
        }
        break;
    case QW_PLKG_MORE:
        if (eve->more_count < QW_MULTILEVEL_MORE_MAX) {
            eve->more_level[eve->more_count] = eve->wanted;
            keep(&eve->more[eve->more_count++], body, header.len);
        }
        break;
    case QW_PLKG_AMPLIFY:
        keep(&eve->amplify, body, header.len);
        break;
    case QW_PLKG_DATA:
        hear_data(eve, body, header.len);
        break;
    default:
        break;
    }
}

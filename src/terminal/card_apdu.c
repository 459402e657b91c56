/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in docs/protocol/card-apdu.md. */
#include "terminal/card_apdu.h"

#include <stdbool.h>
#include <string.h>

enum { HEAD_LEN = 4 };

const uint8_t qw_apdu_aid[QW_APDU_AID_LEN] = { 0xf0, 'Q', 'W', 'A', 'V', 'E', 1 };

static const struct {
    uint16_t status;
    qw_err err;
} meanings[] = {
    { QW_APDU_DONE, QW_OK },
    { 0x6a80, QW_ERR_FORMAT },
    { 0x6988, QW_ERR_AUTH },
    { 0x6a84, QW_ERR_SPACE },
    { 0x6985, QW_ERR_STATE },
    { 0x6a88, QW_ERR_NOT_FOUND },
    { 0x6a83, QW_ERR_EXHAUSTED },
    { 0x6a89, QW_ERR_CONFLICT },
    { 0x6a8a, QW_ERR_ARG },
    { QW_APDU_PIN_LOCKED, QW_ERR_REFUSED },
    { QW_APDU_NO_APPLICATION, QW_ERR_UNAVAILABLE },
};

size_t qw_apdu_encode(const struct qw_apdu *apdu, uint8_t out[static QW_APDU_COMMAND_MAX])
{
    size_t len = HEAD_LEN;

    out[0] = apdu->cla;
    out[1] = apdu->ins;
    out[2] = apdu->p1;
    out[3] = apdu->p2;
    if (apdu->len != 0) {
        out[len++] = (uint8_t)apdu->len;
        memcpy(out + len, apdu->data, apdu->len);
        len += apdu->len;
    }
    out[len++] = 0; /* as long as it comes */
    return len;
}

qw_err qw_apdu_decode(const uint8_t *data, size_t len, struct qw_apdu *apdu)
{
    size_t data_len = 0;

    if (len < HEAD_LEN) {
        return QW_ERR_FORMAT;
    }
    if (len > HEAD_LEN + 1) { /* one more byte alone is the length of the reply */
        data_len = data[HEAD_LEN];
        if (data_len == 0 || (len != HEAD_LEN + 1 + data_len && len != HEAD_LEN + 2 + data_len)) {
            return QW_ERR_FORMAT;
        }
    }
    *apdu = (struct qw_apdu){ .cla = data[0],
                              .ins = data[1],
                              .p1 = data[2],
                              .p2 = data[3],
                              .data = data_len == 0 ? NULL : data + HEAD_LEN + 1,
                              .len = data_len };
    return QW_OK;
}

uint16_t qw_apdu_status(qw_err err)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].err == err) {
            return meanings[i].status;
        }
    }
    return 0x6f00;
}

qw_err qw_apdu_err(uint16_t status)
{
    bool is_wrong_pin = (status & 0xfff0) == QW_APDU_WRONG_PIN;

    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].status == status) {
            return meanings[i].err;
        }
    }
    return is_wrong_pin ? QW_ERR_AUTH : QW_ERR_IO;
}

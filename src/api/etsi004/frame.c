/* SPDX-License-Identifier: Apache-2.0 */
#include "api/etsi004/frame.h"

#include <stdbool.h>

enum { VERSION_MAJOR = 1, VERSION_MINOR = 0, VERSION_PATCH = 1 };

static bool is_request(uint8_t service)
{
    return service == QW_ETSI004_OPEN_REQUEST || service == QW_ETSI004_GET_REQUEST ||
           service == QW_ETSI004_CLOSE_REQUEST;
}

static bool is_answer(uint8_t service)
{
    return service == QW_ETSI004_OPEN_ANSWER || service == QW_ETSI004_GET_ANSWER ||
           service == QW_ETSI004_CLOSE_ANSWER;
}

qw_err qw_etsi004_header_decode(const uint8_t bytes[static QW_ETSI004_HEADER_LEN],
                                struct qw_etsi004_header *header)
{
    struct qw_reader r = qw_reader_on(bytes, QW_ETSI004_HEADER_LEN);
    bool ok = qw_read_u8(&r) == VERSION_MAJOR;
    uint8_t service;
    uint32_t len;

    ok = qw_read_u8(&r) == VERSION_MINOR && ok;
    ok = qw_read_u8(&r) == VERSION_PATCH && ok;
    service = qw_read_u8(&r);
    len = qw_read_u32be(&r);
    ok = ok && ((is_request(service) && len <= QW_ETSI004_REQUEST_MAX) ||
                (is_answer(service) && len <= QW_ETSI004_ANSWER_MAX));
    if (!ok) {
        return QW_ERR_FORMAT;
    }
    header->service = (enum qw_etsi004_service)service;
    header->payload_len = len;
    return QW_OK;
}

void qw_etsi004_header_write(uint8_t bytes[static QW_ETSI004_HEADER_LEN],
                             enum qw_etsi004_service service, uint32_t payload_len)
{
    struct qw_writer w = qw_writer_on(bytes, QW_ETSI004_HEADER_LEN);

    qw_write_u8(&w, VERSION_MAJOR);
    qw_write_u8(&w, VERSION_MINOR);
    qw_write_u8(&w, VERSION_PATCH);
    qw_write_u8(&w, (uint8_t)service);
    qw_write_u32be(&w, payload_len);
}

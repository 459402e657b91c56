/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/link_state_message.h"

#include "base/bytes.h"

#include <string.h>

int qw_advert_compare(const struct qw_advert_version *a, const struct qw_advert_version *b)
{
    if (a->start != b->start) {
        return a->start < b->start ? -1 : 1;
    }
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

void qw_advert_next(struct qw_advert_version *version)
{
    if (version->sequence < UINT32_MAX) {
        version->sequence++;
    } else if (version->start < UINT32_MAX) {
        version->start++;
        version->sequence = 0;
    }
}

static void write_version(struct qw_writer *w, const struct qw_advert_version *version)
{
    qw_write_u16be(w, version->origin);
    qw_write_u32be(w, version->start);
    qw_write_u32be(w, version->sequence);
}

static void read_version(struct qw_reader *r, struct qw_advert_version *version)
{
    version->origin = qw_read_u16be(r);
    version->start = qw_read_u32be(r);
    version->sequence = qw_read_u32be(r);
}

static bool is_link_sound(const struct qw_advert *advert, size_t index)
{
    const struct qw_advert_link *link = &advert->link[index];

    return link->neighbour != advert->version.origin &&
           (index == 0 || link->neighbour > advert->link[index - 1].neighbour);
}

static void write_advert(struct qw_writer *w, const struct qw_advert *advert)
{
    qw_assert(advert->age_ms <= QW_ADVERT_AGE_MAX_MS && advert->link_count <= QW_ADVERT_LINKS_MAX);
    write_version(w, &advert->version);
    qw_write_u32be(w, advert->age_ms);
    qw_write_u8(w, (uint8_t)advert->link_count);
    for (size_t i = 0; i < advert->link_count; i++) {
        qw_assert(is_link_sound(advert, i));
        qw_write_u16be(w, advert->link[i].neighbour);
        qw_write_u8(w, advert->link[i].is_up ? 1 : 0);
        qw_write_u8(w, advert->link[i].level);
        qw_write_u32be(w, advert->link[i].rate_bps);
    }
}

static bool read_advert(struct qw_reader *r, struct qw_advert *advert)
{
    bool ok;

    read_version(r, &advert->version);
    advert->age_ms = qw_read_u32be(r);
    advert->link_count = qw_read_u8(r);
    ok = advert->age_ms <= QW_ADVERT_AGE_MAX_MS && advert->link_count <= QW_ADVERT_LINKS_MAX;
    for (size_t i = 0; ok && i < advert->link_count; i++) {
        uint8_t flags;

        advert->link[i].neighbour = qw_read_u16be(r);
        flags = qw_read_u8(r);
        advert->link[i].is_up = flags == 1;
        advert->link[i].level = qw_read_u8(r);
        advert->link[i].rate_bps = qw_read_u32be(r);
        ok = flags <= 1 && is_link_sound(advert, i);
    }
    return ok && !r->failed;
}

void qw_adverts_encode(const struct qw_advert *advert, size_t count,
                       uint8_t out[static QW_LINK_STATE_BODY_MAX], size_t *len)
{
    struct qw_writer w = qw_writer_on(out, QW_LINK_STATE_BODY_MAX);

    qw_assert(count >= 1 && count <= QW_ADVERTS_MAX);
    qw_write_u8(&w, (uint8_t)count);
    for (size_t i = 0; i < count; i++) {
        write_advert(&w, &advert[i]);
    }
    qw_assert(!w.failed);
    *len = w.len;
}

qw_err qw_adverts_decode(const uint8_t *body, size_t len,
                         struct qw_advert advert[static QW_ADVERTS_MAX], size_t *count)
{
    struct qw_advert read[QW_ADVERTS_MAX] = { 0 };
    struct qw_reader r = qw_reader_on(body, len);
    size_t adverts = qw_read_u8(&r);
    bool ok = adverts >= 1 && adverts <= QW_ADVERTS_MAX;

    for (size_t i = 0; ok && i < adverts; i++) {
        ok = read_advert(&r, &read[i]);
    }
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    memcpy(advert, read, adverts * sizeof *read);
    *count = adverts;
    return QW_OK;
}

void qw_acks_encode(const struct qw_advert_version *ack, size_t count,
                    uint8_t out[static QW_LINK_STATE_BODY_MAX], size_t *len)
{
    struct qw_writer w = qw_writer_on(out, QW_LINK_STATE_BODY_MAX);

    qw_assert(count >= 1 && count <= QW_ACKS_MAX);
    qw_write_u8(&w, (uint8_t)count);
    for (size_t i = 0; i < count; i++) {
        write_version(&w, &ack[i]);
    }
    *len = w.len;
}

qw_err qw_acks_decode(const uint8_t *body, size_t len,
                      struct qw_advert_version ack[static QW_ACKS_MAX], size_t *count)
{
    struct qw_advert_version read[QW_ACKS_MAX];
    struct qw_reader r = qw_reader_on(body, len);
    size_t acks = qw_read_u8(&r);

    if (acks < 1 || acks > QW_ACKS_MAX) {
        return QW_ERR_FORMAT;
    }
    for (size_t i = 0; i < acks; i++) {
        read_version(&r, &read[i]);
    }
    if (!qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    memcpy(ack, read, acks * sizeof *read);
    *count = acks;
    return QW_OK;
}

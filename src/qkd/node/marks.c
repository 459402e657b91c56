/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/node/marks.h"

#include "base/bytes.h"
#include "qkd/node/check.h"

#include <stdbool.h>
#include <string.h>

enum { CHECKED_LEN = QW_NODE_SLOT_LEN - QW_NODE_CHECK_LEN, SLOT_AT = 4096, SLOT_STEP = 4096 };

static void write_marks(struct qw_writer *w, const struct qw_node_marks *m)
{
    qw_write_u64be(w, m->start);
    qw_write_u64be(w, m->leased);
    qw_write_u64be(w, m->end);
    qw_write_u64be(w, m->lost);
    qw_write_u64be(w, m->aged);
    qw_write_u8(w, m->ages);
    for (size_t i = 0; i < QW_NODE_AGES_MAX; i++) {
        bool is_there = i < m->ages;

        qw_write_u64be(w, is_there ? m->age[i].end : 0);
        qw_write_u64be(w, is_there ? (uint64_t)m->age[i].appended_ms : 0);
    }
}

static bool read_marks(struct qw_reader *r, struct qw_node_marks *m)
{
    bool ok;

    memset(m, 0, sizeof *m);
    m->start = qw_read_u64be(r);
    m->leased = qw_read_u64be(r);
    m->end = qw_read_u64be(r);
    m->lost = qw_read_u64be(r);
    m->aged = qw_read_u64be(r);
    m->ages = qw_read_u8(r);
    ok = m->start <= m->leased && m->leased <= m->end && m->lost <= m->start &&
         m->aged <= m->start - m->lost && m->ages <= QW_NODE_AGES_MAX;
    for (size_t i = 0; i < QW_NODE_AGES_MAX; i++) {
        uint64_t end = qw_read_u64be(r);
        uint64_t appended_ms = qw_read_u64be(r);

        if (ok && i < m->ages) {
            m->age[i] = (struct qw_node_age){ end, (int64_t)appended_ms };
            ok = end <= m->end && (i == 0 || end > m->age[i - 1].end);
        } else {
            ok = ok && end == 0 && appended_ms == 0;
        }
    }
    return ok;
}

qw_err qw_node_slot_encode(uint64_t number, const struct qw_node_marks marks[2],
                           uint8_t out[static QW_NODE_SLOT_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_NODE_SLOT_LEN);

    qw_write_u64be(&w, number);
    write_marks(&w, &marks[0]);
    write_marks(&w, &marks[1]);
    qw_assert(!w.failed && w.len == CHECKED_LEN);
    return qw_node_check_add(out, CHECKED_LEN);
}

qw_err qw_node_slot_decode(const uint8_t in[static QW_NODE_SLOT_LEN], uint64_t *number,
                           struct qw_node_marks marks[2])
{
    struct qw_reader r = qw_reader_on(in, CHECKED_LEN);
    struct qw_node_marks read[2];
    uint64_t n;
    qw_err err = qw_node_check_verify(in, CHECKED_LEN);
    bool ok;

    if (err != QW_OK) {
        return err;
    }
    n = qw_read_u64be(&r);
    ok = read_marks(&r, &read[0]);
    ok = read_marks(&r, &read[1]) && ok;
    if (!ok) {
        return QW_ERR_FORMAT;
    }
    *number = n;
    memcpy(marks, read, sizeof read);
    return QW_OK;
}

qw_err qw_node_slot_write(const struct qw_node_disk *disk, uint64_t number,
                          const struct qw_node_marks marks[2])
{
    uint8_t slot[QW_NODE_SLOT_LEN];
    qw_err err = qw_node_slot_encode(number, marks, slot);

    if (err == QW_OK) {
        err = disk->write(disk->self, SLOT_AT + SLOT_STEP * (number % 2), slot, sizeof slot);
    }
    return err == QW_OK ? disk->sync(disk->self) : err;
}

qw_err qw_node_slots_read(const struct qw_node_disk *disk, uint64_t *number,
                          struct qw_node_marks marks[2])
{
    qw_err result = QW_ERR_FORMAT;

    for (uint64_t place = 0; place < 2; place++) {
        uint8_t slot[QW_NODE_SLOT_LEN];
        struct qw_node_marks found[2];
        uint64_t read;
        qw_err err = disk->read(disk->self, SLOT_AT + SLOT_STEP * place, slot, sizeof slot);

        if (err != QW_OK) {
            return err;
        }
        err = qw_node_slot_decode(slot, &read, found);
        if (err == QW_OK && read % 2 == place && (result != QW_OK || read > *number)) {
            *number = read;
            memcpy(marks, found, sizeof found);
            result = QW_OK;
        }
    }
    return result;
}

void qw_node_marks_note_age(struct qw_node_marks *m, uint64_t end, int64_t now_ms,
                            int64_t granule_ms)
{
    struct qw_node_age *newest = m->ages > 0 ? &m->age[m->ages - 1] : NULL;

    if (newest != NULL &&
        (m->ages == QW_NODE_AGES_MAX || now_ms - newest->appended_ms < granule_ms)) {
        newest->end = end;
    } else {
        m->age[m->ages++] = (struct qw_node_age){ end, now_ms };
    }
}

void qw_node_marks_forget_ages(struct qw_node_marks *m, uint64_t used)
{
    uint8_t gone = 0;

    while (gone < m->ages && m->age[gone].end <= used) {
        gone++;
    }
    memmove(m->age, m->age + gone, (size_t)(m->ages - gone) * sizeof m->age[0]);
    m->ages = (uint8_t)(m->ages - gone);
}

void qw_node_marks_cut_ages(struct qw_node_marks *m, uint64_t end)
{
    while (m->ages > 1 && m->age[m->ages - 2].end >= end) {
        m->ages--;
    }
    if (m->ages > 0 && m->age[m->ages - 1].end > end) {
        m->age[m->ages - 1].end = end;
    }
}

uint64_t qw_node_marks_older_than(const struct qw_node_marks *m, int64_t limit_ms)
{
    uint64_t end = 0;

    for (size_t i = 0; i < m->ages && m->age[i].appended_ms <= limit_ms; i++) {
        end = m->age[i].end;
    }
    return end;
}

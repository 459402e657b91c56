/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/stock.h"

#include <math.h>
#include <stdlib.h>

enum { SLOT_BITS = 16, SLOTS_MAX = 1 << SLOT_BITS };

struct level {
    double available;
    double reserved;
};

struct slot {
    uint64_t generation; /* of its reservation; part of the handle, grows with each use */
    bool is_open;
    double bits;
    double deadline_s;
    size_t hops;
    size_t next_free; /* of the list of slots that are not open; slots: the end */
};

struct qw_stock_book {
    struct qw_stock_config config;
    struct level *level; /* [links] */
    struct slot *slot;   /* [reservations_max] */
    uint16_t *hop;       /* [reservations_max x hops_max] links of the slot */
    size_t first_free;
};

qw_err qw_stock_book_new(const struct qw_stock_config *config, struct qw_stock_book **book)
{
    struct qw_stock_book *b = calloc(1, sizeof *b);

    qw_assert(config->links >= 1 && config->links <= UINT16_MAX && config->hops_max >= 1);
    qw_assert(config->reservations_max >= 1 && config->reservations_max <= SLOTS_MAX);
    if (b == NULL) {
        return QW_ERR_NOMEM;
    }
    b->config = *config;
    b->level = calloc(config->links, sizeof *b->level);
    b->slot = calloc(config->reservations_max, sizeof *b->slot);
    b->hop = calloc(config->reservations_max * config->hops_max, sizeof *b->hop);
    if (b->level == NULL || b->slot == NULL || b->hop == NULL) {
        qw_stock_book_free(b);
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < config->reservations_max; i++) {
        b->slot[i].next_free = i + 1;
    }
    *book = b;
    return QW_OK;
}

void qw_stock_book_free(struct qw_stock_book *book)
{
    if (book != NULL) {
        free(book->level);
        free(book->slot);
        free(book->hop);
        free(book);
    }
}

double qw_stock_add(struct qw_stock_book *book, size_t link, double bits, double cap_bits)
{
    struct level *level = &book->level[link];
    double added;

    qw_assert(link < book->config.links && bits >= 0);
    added = fmin(bits, fmax(0, cap_bits - level->available - level->reserved));
    level->available += added;
    return added;
}

double qw_stock_available(const struct qw_stock_book *book, size_t link)
{
    qw_assert(link < book->config.links);
    return book->level[link].available;
}

double qw_stock_reserved(const struct qw_stock_book *book, size_t link)
{
    qw_assert(link < book->config.links);
    return book->level[link].reserved;
}

static void move_back(struct qw_stock_book *book, const uint16_t *hop, size_t hops, double bits)
{
    for (size_t i = 0; i < hops; i++) {
        book->level[hop[i]].available += bits;
        book->level[hop[i]].reserved -= bits;
    }
}

/* Moves bits of every link, or of none. */
static qw_err move_to_reserved(struct qw_stock_book *book, uint16_t *hop, size_t *hops,
                               const struct qw_route *path, size_t path_count, double bits,
                               size_t *lacking)
{
    size_t count = 0;

    for (size_t i = 0; i < path_count; i++) {
        for (size_t j = 0; j < path[i].hops; j++) {
            struct level *level = &book->level[path[i].link[j]];

            qw_assert(path[i].link[j] < book->config.links);
            if (level->available < bits) {
                if (lacking != NULL) {
                    *lacking = path[i].link[j];
                }
                move_back(book, hop, count, bits);
                return QW_ERR_EXHAUSTED;
            }
            level->available -= bits;
            level->reserved += bits;
            hop[count++] = path[i].link[j];
        }
    }
    *hops = count;
    return QW_OK;
}

qw_err qw_stock_reserve(struct qw_stock_book *book, const struct qw_route *path, size_t path_count,
                        double bits, double deadline_s, qw_reservation *reservation,
                        size_t *lacking)
{
    size_t index = book->first_free;
    struct slot *slot;
    size_t hops = 0;
    qw_err err;

    for (size_t i = 0; i < path_count; i++) {
        hops += path[i].hops;
    }
    if (!(bits > 0) || hops == 0 || hops > book->config.hops_max) {
        return QW_ERR_ARG;
    }
    if (index == book->config.reservations_max) {
        return QW_ERR_LIMIT;
    }
    slot = &book->slot[index];
    err = move_to_reserved(book, &book->hop[index * book->config.hops_max], &slot->hops, path,
                           path_count, bits, lacking);
    if (err != QW_OK) {
        return err;
    }
    book->first_free = slot->next_free;
    slot->is_open = true;
    slot->generation++;
    slot->bits = bits;
    slot->deadline_s = deadline_s;
    *reservation = slot->generation << SLOT_BITS | index;
    return QW_OK;
}

/* NULL: not open. */
static struct slot *find(const struct qw_stock_book *book, qw_reservation reservation)
{
    size_t index = reservation & (SLOTS_MAX - 1);

    if (index >= book->config.reservations_max || !book->slot[index].is_open ||
        book->slot[index].generation != reservation >> SLOT_BITS) {
        return NULL;
    }
    return &book->slot[index];
}

static const uint16_t *hops_of(const struct qw_stock_book *book, const struct slot *slot)
{
    return &book->hop[(size_t)(slot - book->slot) * book->config.hops_max];
}

static void end(struct qw_stock_book *book, struct slot *slot)
{
    slot->is_open = false;
    slot->next_free = book->first_free;
    book->first_free = (size_t)(slot - book->slot);
}

qw_err qw_stock_commit(struct qw_stock_book *book, qw_reservation reservation)
{
    struct slot *slot = find(book, reservation);

    if (slot == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < slot->hops; i++) {
        book->level[hops_of(book, slot)[i]].reserved -= slot->bits;
    }
    end(book, slot);
    return QW_OK;
}

qw_err qw_stock_release(struct qw_stock_book *book, qw_reservation reservation)
{
    struct slot *slot = find(book, reservation);

    if (slot == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    move_back(book, hops_of(book, slot), slot->hops, slot->bits);
    end(book, slot);
    return QW_OK;
}

size_t qw_stock_expire(struct qw_stock_book *book, double now_s)
{
    size_t count = 0;

    for (size_t i = 0; i < book->config.reservations_max; i++) {
        struct slot *slot = &book->slot[i];

        if (slot->is_open && slot->deadline_s <= now_s) {
            move_back(book, hops_of(book, slot), slot->hops, slot->bits);
            end(book, slot);
            count++;
        }
    }
    return count;
}

bool qw_stock_uses(const struct qw_stock_book *book, qw_reservation reservation, size_t link)
{
    const struct slot *slot = find(book, reservation);

    for (size_t i = 0; slot != NULL && i < slot->hops; i++) {
        if (hops_of(book, slot)[i] == link) {
            return true;
        }
    }
    return false;
}

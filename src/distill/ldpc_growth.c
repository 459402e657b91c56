/* SPDX-License-Identifier: Apache-2.0 */
/* Progressive edge growth on the lifted graph: columns in the order of rising degree; each edge
 * goes to the check that is farthest from its bit, among those to the row with the fewest edges. So
 * cycles of length 4 occur only where the sizes leave no other way. */
#include "distill/ldpc_growth.h"

#include "base/prng.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { TWIN_ATTEMPTS = 8, UNREACHED = 255 };

/* A bit or a check of the lifted graph: the base column or row and the place in its block. */
struct place {
    uint32_t base;
    uint32_t turn;
};

/* Farthest-check search and the graph as far as it stands. */
struct growth {
    struct qw_ldpc_code *code;
    struct qw_prng prng;
    uint32_t weak_degree;
    uint32_t visits_max;
    uint32_t block_word_min;
    uint32_t *column_wish;   /* [size: columns]: degree to come */
    uint32_t *column_degree; /* [size: columns] */
    uint32_t *column_row;    /* [size: columns x QW_LDPC_DEGREE_MAX] */
    uint32_t *column_shift;  /* [size: columns x QW_LDPC_DEGREE_MAX] */
    uint32_t *row_degree;    /* [size: rows] */
    uint32_t *row_column;    /* [size: rows x row_cap] */
    uint32_t *row_shift;     /* [size: rows x row_cap] */
    uint32_t row_cap;
    uint32_t *parent;    /* [size: rows], see root_of */
    uint8_t *layer;      /* [size: checks]: of the check as seen from the bit, or UNREACHED */
    uint8_t *seen;       /* [size: columns * lift] */
    struct place *bit;   /* [size: columns * lift], queue of a search */
    struct place *check; /* [size: checks], likewise */
    size_t bits_queued, checks_queued;
};

static void add_edge(struct growth *g, uint32_t column, uint32_t row, uint32_t shift)
{
    size_t at_column = (size_t)column * QW_LDPC_DEGREE_MAX + g->column_degree[column]++;
    size_t at_row = (size_t)row * g->row_cap + g->row_degree[row]++;

    g->column_row[at_column] = row;
    g->column_shift[at_column] = shift;
    g->row_column[at_row] = column;
    g->row_shift[at_row] = shift;
    g->code->edges++;
}

/* x in 0 .. 2 lift - 1. A division here would be most of the time of construction. */
static uint32_t wrapped(uint32_t x, uint32_t lift)
{
    return x < lift ? x : x - lift;
}

/* Queues the checks of a bit that were not reached before, as members of layer. */
static void reach_checks(struct growth *g, struct place bit, uint8_t layer)
{
    uint32_t lift = g->code->lift;
    size_t first = (size_t)bit.base * QW_LDPC_DEGREE_MAX;
    size_t end = first + g->column_degree[bit.base];

    for (size_t edge = first; edge < end; edge++) {
        struct place check = { g->column_row[edge],
                               wrapped(bit.turn + g->column_shift[edge], lift) };
        size_t at = (size_t)check.base * lift + check.turn;

        if (g->layer[at] == UNREACHED) {
            g->layer[at] = layer;
            g->check[g->checks_queued++] = check;
        }
    }
}

/* Queues the bits of a check that were not seen before, weak: those of weak columns alone. */
static void reach_bits(struct growth *g, struct place check, bool weak)
{
    uint32_t lift = g->code->lift;
    size_t first = (size_t)check.base * g->row_cap;
    size_t end = first + g->row_degree[check.base];

    for (size_t edge = first; edge < end; edge++) {
        struct place bit = { g->row_column[edge],
                             wrapped(check.turn + lift - g->row_shift[edge], lift) };
        size_t at = (size_t)bit.base * lift + bit.turn;

        if (!g->seen[at] && (!weak || g->column_wish[bit.base] <= g->weak_degree)) {
            g->seen[at] = 1;
            g->bit[g->bits_queued++] = bit;
        }
    }
}

/* Whatever is next to a neighbour is always found: no way around it would be a cycle of length 4.
 */
static bool may_go_on(const struct growth *g, uint8_t layer)
{
    bool has_budget = layer <= 2 || g->bits_queued + g->checks_queued < g->visits_max;

    return has_budget && g->checks_queued < g->code->checks;
}

/* Breadth first from bit 0 of the column: fills layer for all checks within reach of the budget,
 * until none is left. For a weak column the way goes on through weak columns only: what is farthest
 * then closes the longest cycle of such columns, and no cycle of length 4. */
static void search(struct growth *g, uint32_t column)
{
    bool weak = g->column_wish[column] <= g->weak_degree;
    size_t bits = 0;
    size_t checks = 0;

    g->seen[(size_t)column * g->code->lift] = 1;
    g->bit[0] = (struct place){ column, 0 };
    g->bits_queued = 1;
    g->checks_queued = 0;
    for (uint8_t layer = 1; bits < g->bits_queued && may_go_on(g, layer) && layer < UNREACHED;
         layer++) {
        while (bits < g->bits_queued && may_go_on(g, layer)) {
            reach_checks(g, g->bit[bits++], layer);
        }
        while (checks < g->checks_queued && may_go_on(g, layer + 1)) {
            reach_bits(g, g->check[checks++], weak && layer > 1);
        }
    }
}

static void forget(struct growth *g)
{
    uint32_t lift = g->code->lift;

    for (size_t i = 0; i < g->checks_queued; i++) {
        g->layer[(size_t)g->check[i].base * lift + g->check[i].turn] = UNREACHED;
    }
    for (size_t i = 0; i < g->bits_queued; i++) {
        g->seen[(size_t)g->bit[i].base * lift + g->bit[i].turn] = 0;
    }
}

static bool uses_row(const struct growth *g, uint32_t column, uint32_t row)
{
    for (uint32_t i = 0; i < g->column_degree[column]; i++) {
        if (g->column_row[(size_t)column * QW_LDPC_DEGREE_MAX + i] == row) {
            return true;
        }
    }
    return false;
}

/* The farthest check of one row: the first from a random start on wins. */
static uint8_t farthest_in_row(struct growth *g, uint32_t row, uint32_t *shift)
{
    uint32_t lift = g->code->lift;
    uint32_t start = (uint32_t)qw_prng_below(&g->prng, lift);
    uint8_t farthest = 0;

    for (uint32_t i = 0; i < lift && farthest < UNREACHED; i++) {
        uint32_t z = (start + i) % lift;
        uint8_t layer = g->layer[(size_t)row * lift + z];

        if (layer > farthest) {
            farthest = layer;
            *shift = z;
        }
    }
    return farthest;
}

/* Rows that columns of degree 2 tie together form trees; the tree's name is its root. */
static uint32_t root_of(const struct growth *g, uint32_t row)
{
    while (g->parent[row] != row) {
        row = g->parent[row];
    }
    return row;
}

/* Rows that a column may use. */
static uint32_t rows_for(const struct growth *g, uint32_t column)
{
    uint32_t rows = g->code->rows;

    return g->column_wish[column] <= g->weak_degree && rows > QW_LDPC_ROWS_MIN ? rows - 1 : rows;
}

/* closes: second edge of a column of degree 2, which may not join two rows of one tree. A cycle of
 * such columns would be a word of low weight that no check sees. */
static void grow_edge(struct growth *g, uint32_t column, bool closes)
{
    uint32_t rows = rows_for(g, column);
    uint32_t first = (uint32_t)qw_prng_below(&g->prng, rows);
    uint32_t own = closes ? root_of(g, g->column_row[(size_t)column * QW_LDPC_DEGREE_MAX]) : rows;
    uint32_t best_row = 0;
    uint32_t best_shift = 0;
    uint8_t best_layer = 0;

    search(g, column);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t row = (first + i) % rows;
        uint32_t shift = 0;
        uint8_t layer;

        if (uses_row(g, column, row) || g->row_degree[row] == g->row_cap ||
            (best_layer == UNREACHED && g->row_degree[row] >= g->row_degree[best_row]) ||
            (closes && root_of(g, row) == own)) {
            continue;
        }
        layer = farthest_in_row(g, row, &shift);
        if (layer > best_layer ||
            (layer == best_layer && g->row_degree[row] < g->row_degree[best_row])) {
            best_layer = layer;
            best_row = row;
            best_shift = shift;
        }
    }
    forget(g);
    if (best_layer > 0) {
        add_edge(g, column, best_row, best_shift);
        if (closes) {
            g->parent[root_of(g, best_row)] = own;
        }
    }
}

/* Place of a row among the edges of a column; the column's degree when it is not there. */
static uint32_t edge_to(const struct growth *g, uint32_t column, uint32_t row)
{
    uint32_t k = 0;

    while (k < g->column_degree[column] &&
           g->column_row[(size_t)column * QW_LDPC_DEGREE_MAX + k] != row) {
        k++;
    }
    return k;
}

/* True when b takes part in the same checks as a, up to a turn of the circulants: two such columns
 * make words of weight 2 that no check sees. With the same rows and any turns, all bits of both are
 * such a word: bad enough where the lift is small. */
static bool are_twins(const struct growth *g, uint32_t a, uint32_t b)
{
    uint32_t lift = g->code->lift;
    uint32_t turn = lift;
    bool is_turned = false;

    if (g->column_degree[a] != g->column_degree[b]) {
        return false;
    }
    for (uint32_t i = 0; i < g->column_degree[a]; i++) {
        size_t of_a = (size_t)a * QW_LDPC_DEGREE_MAX + i;
        uint32_t k = edge_to(g, b, g->column_row[of_a]);

        if (k == g->column_degree[b]) {
            return false;
        }
        k = (g->column_shift[(size_t)b * QW_LDPC_DEGREE_MAX + k] + lift - g->column_shift[of_a]) %
            lift;
        is_turned = is_turned || (turn != lift && turn != k);
        turn = k;
    }
    return !is_turned || 2 * lift < g->block_word_min;
}

static bool has_twin(const struct growth *g, uint32_t column)
{
    for (uint32_t other = 0; other < column; other++) {
        if (are_twins(g, column, other)) {
            return true;
        }
    }
    return false;
}

/* The newest column's edges are the last of their rows. */
static void drop_column(struct growth *g, uint32_t column)
{
    for (uint32_t i = 0; i < g->column_degree[column]; i++) {
        g->row_degree[g->column_row[(size_t)column * QW_LDPC_DEGREE_MAX + i]]--;
        g->code->edges--;
    }
    g->column_degree[column] = 0;
}

static void grow_column(struct growth *g, uint32_t column, uint32_t degree)
{
    g->column_wish[column] = degree;
    for (int attempt = 0; attempt < TWIN_ATTEMPTS; attempt++) {
        for (uint32_t d = 0; d < degree && d < g->code->rows; d++) {
            grow_edge(g, column, degree == 2 && d == 1);
        }
        /* Trees of columns of degree 2 have no twins, and could not be undone. */
        if (degree == 2 || attempt == TWIN_ATTEMPTS - 1 || !has_twin(g, column)) {
            return;
        }
        drop_column(g, column);
    }
}

/* Degrees in a random order. In rising order every row would get the same mixture of weak and
 * strong columns; at low rates decoding starts in the rows that happen to have strong ones only. */
static void grow(struct growth *g, const struct qw_ldpc_degree_count *counts, size_t count)
{
    uint32_t given[QW_LDPC_DEGREE_MAX + 1] = { 0 };
    uint32_t left = g->code->columns;

    for (uint32_t column = 0; column < g->code->columns; column++, left--) {
        uint32_t pick = (uint32_t)qw_prng_below(&g->prng, left);
        size_t i = 0;

        while (i + 1 < count && pick >= counts[i].columns - given[i]) {
            pick -= counts[i].columns - given[i];
            i++;
        }
        given[i]++;
        grow_column(g, column, counts[i].degree);
    }
}

static qw_err freeze(const struct growth *g)
{
    struct qw_ldpc_code *code = g->code;
    uint32_t at = 0;

    code->row_start = calloc(code->rows + (size_t)1, sizeof *code->row_start);
    code->edge_column = calloc(code->edges, sizeof *code->edge_column);
    code->edge_shift = calloc(code->edges, sizeof *code->edge_shift);
    if (code->row_start == NULL || code->edge_column == NULL || code->edge_shift == NULL) {
        return QW_ERR_NOMEM;
    }
    for (uint32_t row = 0; row < code->rows; row++) {
        code->row_start[row] = at;
        for (uint32_t i = 0; i < g->row_degree[row]; i++, at++) {
            code->edge_column[at] = g->row_column[(size_t)row * g->row_cap + i];
            code->edge_shift[at] = g->row_shift[(size_t)row * g->row_cap + i];
        }
        if (g->row_degree[row] > code->row_degree_max) {
            code->row_degree_max = g->row_degree[row];
        }
    }
    code->row_start[code->rows] = at;
    return QW_OK;
}

static void growth_wipe(struct growth *g)
{
    free(g->column_degree);
    free(g->column_wish);
    free(g->column_row);
    free(g->column_shift);
    free(g->row_degree);
    free(g->row_column);
    free(g->row_shift);
    free(g->parent);
    free(g->layer);
    free(g->seen);
    free(g->bit);
    free(g->check);
}

static bool growth_init(struct growth *g, struct qw_ldpc_code *code)
{
    size_t width = (size_t)code->columns * code->lift;
    size_t cells = (size_t)code->columns * QW_LDPC_DEGREE_MAX;

    g->code = code;
    g->row_cap = code->columns;
    qw_prng_init(&g->prng, 0x512d57617665, code->bits << 20 | code->checks);
    g->column_degree = calloc(code->columns, sizeof *g->column_degree);
    g->column_wish = calloc(code->columns, sizeof *g->column_wish);
    g->column_row = calloc(cells, sizeof *g->column_row);
    g->column_shift = calloc(cells, sizeof *g->column_shift);
    g->row_degree = calloc(code->rows, sizeof *g->row_degree);
    g->row_column = calloc((size_t)code->rows * g->row_cap, sizeof *g->row_column);
    g->row_shift = calloc((size_t)code->rows * g->row_cap, sizeof *g->row_shift);
    g->parent = calloc(code->rows, sizeof *g->parent);
    g->layer = calloc(code->checks, 1);
    g->seen = calloc(width, 1);
    g->bit = calloc(width, sizeof *g->bit);
    g->check = calloc(code->checks, sizeof *g->check);
    if (g->column_degree == NULL || g->column_wish == NULL || g->column_row == NULL ||
        g->column_shift == NULL || g->row_degree == NULL || g->row_column == NULL ||
        g->row_shift == NULL || g->parent == NULL || g->layer == NULL || g->seen == NULL ||
        g->bit == NULL || g->check == NULL) {
        return false;
    }
    memset(g->layer, UNREACHED, code->checks);
    for (uint32_t row = 0; row < code->rows; row++) {
        g->parent[row] = row;
    }
    return true;
}

static bool shape_ok(const struct qw_ldpc_shape *shape, const struct qw_ldpc_degree_count *counts,
                     size_t count)
{
    size_t width = (size_t)shape->columns * shape->lift;
    size_t columns = 0;
    bool ok = count <= QW_LDPC_DEGREE_MAX && shape->lift >= 1 && shape->rows >= 1 &&
              shape->rows <= shape->columns && shape->lift <= QW_LDPC_GROW_BITS_MAX &&
              shape->columns <= QW_LDPC_GROW_BITS_MAX && width <= QW_LDPC_GROW_BITS_MAX &&
              shape->bits <= width && shape->bits + shape->lift > width;

    for (size_t i = 0; ok && i < count; i++) {
        ok = counts[i].degree >= 2 && counts[i].degree <= QW_LDPC_DEGREE_MAX;
        columns += counts[i].columns;
    }
    return ok && columns == shape->columns;
}

qw_err qw_ldpc_code_grow(const struct qw_ldpc_shape *shape,
                         const struct qw_ldpc_degree_count *counts, size_t count,
                         struct qw_ldpc_code **code)
{
    struct growth g = { 0 };
    struct qw_ldpc_code *c = NULL;
    qw_err err = QW_ERR_NOMEM;

    if (!shape_ok(shape, counts, count)) {
        return QW_ERR_ARG;
    }
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        goto out;
    }
    c->bits = shape->bits;
    c->lift = shape->lift;
    c->rows = shape->rows;
    c->columns = shape->columns;
    c->checks = (size_t)shape->rows * shape->lift;
    if (!growth_init(&g, c)) {
        goto out;
    }
    g.weak_degree = shape->weak_degree;
    g.visits_max = shape->visits_max;
    g.block_word_min = shape->block_word_min;
    grow(&g, counts, count);
    err = freeze(&g);
    if (err == QW_OK) {
        *code = c;
        c = NULL; /* now owned by the caller */
    }
out:
    growth_wipe(&g);
    qw_ldpc_code_free(c);
    return err;
}

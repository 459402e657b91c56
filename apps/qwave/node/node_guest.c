/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever comes is a guest until his HELLO says for which hop. A hop that has a connection keeps it
 * until the guest has proven to be the neighbour, who then has lost it without our knowing [H7]. */
#include "base/clock.h"
#include "base/socket.h"
#include "node/node.h"
#include "qkd/relay/hello.h"

void node_guest_come(struct node *node, int64_t now_ms)
{
    struct node_guest *guest = NULL;
    int fd = -1;

    if (qw_socket_accept(node->listener, 0, &fd) != QW_OK) {
        return;
    }
    for (size_t i = 0; i < NODE_GUESTS_MAX && guest == NULL; i++) {
        guest = node->guests[i].fd < 0 ? &node->guests[i] : NULL;
    }
    if (guest == NULL) {
        qw_socket_close(fd); /* he comes again */
    } else if (node_link_wire(fd, &guest->wire) == QW_OK) {
        guest->fd = fd;
        guest->since_ms = now_ms;
        guest->link = NULL;
    }
}

void node_guest_close(struct node_guest *guest)
{
    if (guest->fd >= 0) {
        qw_wire_close(&guest->wire);
        guest->fd = -1;
    }
}

static struct node_link *link_for(struct node *node, const uint8_t *message, size_t len)
{
    struct qw_hello hello;

    if (qw_hello_decode(message, len, &hello) != QW_OK) {
        return NULL;
    }
    for (size_t i = 0; i < node->links_count; i++) {
        struct node_link *link = &node->links[i];

        if (link->neighbour == hello.from && link->entry.host[0] == '\0') {
            return link;
        }
    }
    return NULL;
}

/* The guest's HELLO, and the hop has a connection: it has to prove who it is first [H7]. */
static qw_err doubt(struct node_guest *guest, struct node_link *link, const uint8_t *hello,
                    size_t len)
{
    qw_err err = qw_hop_doubt(link->hop, hello, len, &guest->rival);

    if (err == QW_OK) {
        err = qw_wire_send(&guest->wire, guest->rival.own, sizeof guest->rival.own);
        guest->link = link;
    }
    return err;
}

static qw_err take_hello(struct node_guest *guest, struct node *node, size_t len)
{
    struct node_link *link = link_for(node, node->message, len);

    if (link == NULL) {
        node_link_refused(node, "a stranger");
        return QW_ERR_REFUSED;
    }
    if (link->is_cut || qw_hop_status(link->hop) == QW_HOP_QUARANTINED) {
        return QW_ERR_REFUSED;
    }
    if (link->fd >= 0) {
        return doubt(guest, link, node->message, len);
    }
    node_link_let_in(link, &guest->wire, guest->fd, node->message, len);
    guest->fd = -1;
    guest->wire = (struct qw_wire){ 0 };
    return QW_OK;
}

/* The neighbour has no connection but this one: the old one ends, and it comes again. */
static void take_proof(struct node_guest *guest, const uint8_t *meet, size_t len)
{
    if (qw_hop_prove_rival(guest->link->hop, &guest->rival, meet, len) == QW_OK) {
        node_link_drop(guest->link, "the neighbour has connected anew");
    } else {
        node_link_refused(guest->link->node, "a stranger");
    }
}

void node_guest_read(struct node_guest *guest, struct node *node)
{
    size_t len = 0;
    qw_err err = qw_wire_receive(&guest->wire, node->message, NODE_MESSAGE_MAX, &len, 0);

    if (err == QW_ERR_TIMEOUT && qw_clock_monotonic_ms() - guest->since_ms <= NODE_MEET_MS) {
        return;
    }
    if (err == QW_OK && guest->link == NULL) {
        err = take_hello(guest, node, len);
    } else if (err == QW_OK) {
        take_proof(guest, node->message, len);
        err = QW_ERR_CLOSED;
    }
    if (err != QW_OK) {
        node_guest_close(guest);
    }
}

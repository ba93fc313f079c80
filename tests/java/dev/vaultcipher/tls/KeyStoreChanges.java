package dev.vaultcipher.tls;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Changes key stores: bytes of any, values of those that are ASN.1. The same seed makes the same choices. */
final class KeyStoreChanges {
    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    private static final int OCTETS = 0x04;
    private static final int EXPLICIT_0 = 0xa0;
    private static final int[] TAGS = {0x01, 0x02, 0x03, OCTETS, 0x05, 0x06, 0x0c, 0x1e, SEQUENCE, SET, 0x80, EXPLICIT_0};

    private final Random random;

    KeyStoreChanges(long seed) {
        random = new Random(seed);
    }

    /** A changed store. */
    static final class Changed {
        final String how;
        final byte[] content;

        Changed(String how, byte[] content) {
            this.how = how;
            this.content = content;
        }
    }

    Changed of(byte[] store) {
        Node tree = (store[0] & 0xff) == SEQUENCE ? Node.read(store, 0) : null;
        return tree != null && random.nextInt(3) > 0 ? value(tree) : bytes(store);
    }

    private Changed bytes(byte[] store) {
        int at = random.nextInt(store.length);
        byte[] changed = store.clone();
        switch (random.nextInt(5)) {
            case 0:
                changed[at] ^= (byte) (1 << random.nextInt(8));
                return new Changed("bit of byte " + at, changed);
            case 1:
                changed[at] = (byte) random.nextInt(256);
                return new Changed("byte " + at, changed);
            case 2:
                return new Changed("cut at " + at, Arrays.copyOf(store, at));
            case 3:
                return new Changed("end doubled from " + at, joined(store, Arrays.copyOfRange(store, at, store.length)));
            default:
                return new Changed("byte " + at + " doubled", joined(Arrays.copyOf(store, at + 1), Arrays.copyOfRange(store, at, store.length)));
        }
    }

    private Changed value(Node tree) {
        List<Node> parents = new ArrayList<>();
        tree.collect(parents);
        Node parent = parents.get(random.nextInt(parents.size()));
        int at = random.nextInt(parent.children.size());
        Node child = parent.children.get(at);
        String of = " of tag " + Integer.toHexString(child.tag);
        String how;
        switch (random.nextInt(6)) {
            case 0:
                parent.children.remove(at);
                how = "value removed" + of;
                break;
            case 1:
                parent.children.add(at, child);
                how = "value doubled" + of;
                break;
            case 2:
                java.util.Collections.swap(parent.children, at, random.nextInt(parent.children.size()));
                how = "value moved" + of;
                break;
            case 3:
                child.tag = TAGS[random.nextInt(TAGS.length)];
                how = "tag changed" + of;
                break;
            case 4:
                Node from = parents.get(random.nextInt(parents.size()));
                parent.children.set(at, from.children.get(random.nextInt(from.children.size())).copy());
                how = "value replaced by another one" + of;
                break;
            default:
                child.change(random);
                how = "content changed" + of;
        }
        return new Changed(how, tree.bytes());
    }

    private static byte[] joined(byte[] one, byte[] two) {
        byte[] all = Arrays.copyOf(one, one.length + two.length);
        System.arraycopy(two, 0, all, one.length, two.length);
        return all;
    }

    /** A value: its content, or the values in it, also in an OCTET STRING. */
    private static final class Node {
        private int tag;
        private byte[] content;
        private List<Node> children;
        private int end;

        /** The value that begins there; null if there is none. */
        static Node read(byte[] from, int at) {
            if (at + 2 > from.length) {
                return null;
            }
            Node node = new Node();
            node.tag = from[at] & 0xff;
            int length = from[at + 1] & 0xff;
            int begin = at + 2;
            if (length > 0x80) {
                int count = length - 0x80;
                if (count > 3 || begin + count > from.length) {
                    return null;
                }
                length = 0;
                for (int i = 0; i < count; i++) {
                    length = length << 8 | from[begin++] & 0xff;
                }
            } else if (length == 0x80) {
                return null;
            }
            if (begin + length > from.length) {
                return null;
            }
            node.end = begin + length;
            node.content = Arrays.copyOfRange(from, begin, node.end);
            boolean holdsValues = node.tag == SEQUENCE || node.tag == SET || node.tag == EXPLICIT_0
                    || node.tag == OCTETS && length > 0 && (node.content[0] & 0xff) == SEQUENCE;
            if (holdsValues) {
                node.children = values(node.content);
            }
            return node;
        }

        private static List<Node> values(byte[] content) {
            List<Node> values = new ArrayList<>();
            for (int at = 0; at < content.length; at = values.get(values.size() - 1).end) {
                Node value = read(content, at);
                if (value == null) {
                    return null;
                }
                values.add(value);
            }
            return values.isEmpty() ? null : values;
        }

        /** All that hold others. */
        void collect(List<Node> parents) {
            if (children != null) {
                parents.add(this);
                children.forEach(child -> child.collect(parents));
            }
        }

        Node copy() {
            return read(bytes(), 0);
        }

        void change(Random random) {
            if (children != null) {
                content = bytes();
                children = null;
            } else if (content.length > 0) {
                content = content.clone();
                content[random.nextInt(content.length)] ^= (byte) (1 << random.nextInt(8));
            } else {
                content = new byte[] {(byte) random.nextInt(256)};
            }
        }

        byte[] bytes() {
            byte[] inner = content;
            if (children != null) {
                ByteArrayOutputStream all = new ByteArrayOutputStream();
                children.forEach(child -> {
                    byte[] bytes = child.bytes();
                    all.write(bytes, 0, bytes.length);
                });
                inner = all.toByteArray();
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(tag);
            if (inner.length < 0x80) {
                out.write(inner.length);
            } else if (inner.length < 0x100) {
                out.write(0x81);
                out.write(inner.length);
            } else {
                out.write(0x82 + (inner.length >> 16 > 0 ? 1 : 0));
                if (inner.length >> 16 > 0) {
                    out.write(inner.length >> 16);
                }
                out.write(inner.length >> 8);
                out.write(inner.length);
            }
            out.write(inner, 0, inner.length);
            return out.toByteArray();
        }
    }
}

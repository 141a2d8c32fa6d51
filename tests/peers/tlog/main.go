// Judges an exported audit log with the transparency-log packages of the Go project (golang.org/x/mod/sumdb/note and tlog,
// which verify every Go module that is downloaded): the checkpoint's signature, every tile against its root, every entry
// against its tile, a C2SP tlog-proof and a consistency proof.
//
//	judge FOLDER VKEY [PROOF CONSISTENCY]
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := judge(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func judge(args []string) error {
	if len(args) != 2 && len(args) != 4 {
		return fmt.Errorf("usage: judge FOLDER VKEY [PROOF CONSISTENCY]")
	}
	verifier, err := note.NewVerifier(args[1])
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(filepath.Join(args[0], "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := open(signed, verifier)
	if err != nil {
		return err
	}
	log := folder(args[0])
	if err := log.entries(tree); err != nil {
		return err
	}
	if len(args) == 4 {
		if err := inclusion(args[2], verifier, log); err != nil {
			return err
		}
		if err := consistency(args[3]); err != nil {
			return err
		}
	}
	fmt.Printf("%d entries hold\n", tree.N)
	return nil
}

// open verifies a checkpoint and reads its head.
func open(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// folder is an exported log; as a tlog.TileReader it hands out its tiles.
type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// The Go checksum database has the height in its paths, C2SP has not.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// leaf is the hash of a record, read through tiles that are verified against the tree's root.
func (f folder) leaf(tree tlog.Tree, record int64) (tlog.Hash, error) {
	hashes, err := tlog.TileHashReader(tree, f).ReadHashes([]int64{tlog.StoredHashIndex(0, record)})
	if err != nil {
		return tlog.Hash{}, err
	}
	return hashes[0], nil
}

// entries compares every entry with its leaf.
func (f folder) entries(tree tlog.Tree) error {
	var indexes []int64
	for record := range tree.N {
		indexes = append(indexes, tlog.StoredHashIndex(0, record))
	}
	leaves, err := tlog.TileHashReader(tree, f).ReadHashes(indexes)
	if err != nil {
		return err
	}
	for n := int64(0); n*256 < tree.N; n++ {
		tile := tlog.Tile{H: 8, L: -1, N: n, W: int(min(256, tree.N-n*256))}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return err
		}
		for i := range tile.W {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return fmt.Errorf("%s ends early", path)
			}
			length := 2 + int(binary.BigEndian.Uint16(data))
			record := n*256 + int64(i)
			if tlog.RecordHash(data[2:length]) != leaves[record] {
				return fmt.Errorf("entry %d is not its leaf", record)
			}
			data = data[length:]
		}
		if len(data) != 0 {
			return fmt.Errorf("%s goes on", path)
		}
	}
	return nil
}

// inclusion checks a C2SP tlog-proof.
func inclusion(file string, verifier note.Verifier, log folder) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, signed, found := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return fmt.Errorf("not a tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := open(signed, verifier)
	if err != nil {
		return err
	}
	leaf, err := log.leaf(tree, index)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf)
}

// consistency checks a proof in our JSON form.
func consistency(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	type head struct {
		Size int64
		Root string
	}
	var given struct {
		From, To head
		Proof    []string
	}
	if err := json.Unmarshal(text, &given); err != nil {
		return err
	}
	hash := func(text string) (h tlog.Hash) {
		octets, _ := base64.StdEncoding.DecodeString(text)
		copy(h[:], octets)
		return h
	}
	var proof tlog.TreeProof
	for _, line := range given.Proof {
		proof = append(proof, hash(line))
	}
	return tlog.CheckTree(proof, given.To.Size, hash(given.To.Root), given.From.Size, hash(given.From.Root))
}

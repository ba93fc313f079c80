// Writes the image that others copy the jar from, as an OCI layout, without a container engine:
//
//	image LAYOUT VERSION EPOCH JAR CP-amd64 CP-arm64 [TOOL-amd64 TOOL-arm64]
//
// It is made from scratch: /vault-cipher.jar, /bin/cp for init containers, and the command-line tool /bin/vault-cipher where it is given. The same input gives the same bytes; EPOCH is the time of everything, in seconds since 1970.
package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

type file struct {
	name, source string
	mode         int64
}

func main() {
	if len(os.Args) != 7 && len(os.Args) != 9 {
		fmt.Fprintln(os.Stderr, "usage: image LAYOUT VERSION EPOCH JAR CP-amd64 CP-arm64 [TOOL-amd64 TOOL-arm64]")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func write(directory, version, epoch, jar string, programs []string) error {
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return err
	}
	created := time.Unix(seconds, 0).UTC()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for i, architecture := range []string{"amd64", "arm64"} {
		files := []file{{"vault-cipher.jar", jar, 0o644}, {"bin/cp", programs[i], 0o755}}
		if len(programs) > 2 {
			files = append(files, file{"bin/vault-cipher", programs[i+2], 0o755})
		}
		image, err := imageOf(files, architecture, version, created)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	// The layout's own index names one multi-platform image, by its tag.
	path, err := layout.Write(directory, empty.Index)
	if err != nil {
		return err
	}
	return path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": version}))
}

func imageOf(files []file, architecture, version string, created time.Time) (v1.Image, error) {
	content, err := layerOf(files, created)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: v1.Time{Time: created}, CreatedBy: "vault-cipher " + version},
	})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", architecture, v1.Time{Time: created}
	// Anybody: it only copies.
	config.Config.User = "65534:65534"
	config.Config.Labels = map[string]string{
		"org.opencontainers.image.title":    "vault-cipher",
		"org.opencontainers.image.version":  version,
		"org.opencontainers.image.licenses": "Apache-2.0",
	}
	config.Config.Env = []string{"PATH=/bin"}
	return mutate.ConfigFile(image, config)
}

func layerOf(files []file, created time.Time) ([]byte, error) {
	var buffer bytes.Buffer
	archive := tar.NewWriter(&buffer)
	for _, file := range files {
		content, err := os.ReadFile(file.source)
		if err != nil {
			return nil, err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: file.name, Mode: file.mode, Size: int64(len(content)), ModTime: created}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(content); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return buffer.Bytes(), err
}

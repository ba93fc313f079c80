// Package admin stands in for the Google Workspace directory client of the
// OIDC auth method's "gsuite" provider.
package admin

import (
	"context"
	"encoding/json"
	"errors"

	"google.golang.org/api/option"
)

const (
	AdminDirectoryGroupReadonlyScope = ""
	AdminDirectoryUserReadonlyScope  = ""
)

var errStub = errors.New("Google Workspace is not compiled in")

type Group struct{ Email string }
type Groups struct{ Groups []*Group }
type User struct{ CustomSchemas map[string]json.RawMessage }

type Service struct {
	Groups groupsService
	Users  usersService
}

func NewService(context.Context, ...option.ClientOption) (*Service, error) { return nil, errStub }

type groupsService struct{}
type groupsCall struct{}

func (groupsService) List() *groupsCall                                { return &groupsCall{} }
func (c *groupsCall) UserKey(string) *groupsCall                       { return c }
func (c *groupsCall) Domain(string) *groupsCall                        { return c }
func (c *groupsCall) Fields(...string) *groupsCall                     { return c }
func (c *groupsCall) Pages(context.Context, func(*Groups) error) error { return errStub }

type usersService struct{}
type usersCall struct{}

func (usersService) Get(string) *usersCall              { return &usersCall{} }
func (c *usersCall) Context(context.Context) *usersCall { return c }
func (c *usersCall) Projection(string) *usersCall       { return c }
func (c *usersCall) CustomFieldMask(string) *usersCall  { return c }
func (c *usersCall) Fields(...string) *usersCall        { return c }
func (c *usersCall) Do() (*User, error)                 { return nil, errStub }

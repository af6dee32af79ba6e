package secret

const Name = "secret"

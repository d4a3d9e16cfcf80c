package flags

// ModelRule is the Rule of what the threat model finds.
const ModelRule = "threat/model"

const modelText = "Possible threat: its words are like those of texts that people marked as threats."

// Model is the threat model.
type Model struct{ threshold int }

func (m *Model) score(*reading) (bits int, words []int32) { return -1, nil }

func shippedModel() *Model { return &Model{} }

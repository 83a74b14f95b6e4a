using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ChatShare.Core.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class UploadMetadata : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Metadata",
                table: "Files",
                type: "TEXT",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "Metadata",
                table: "Files");
        }
    }
}
